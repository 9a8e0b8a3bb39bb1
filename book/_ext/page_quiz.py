"""Questions that a page answers by itself: no kernel, no script, nothing is sent anywhere.

A quiz is an admonition of class `quiz`: a bold paragraph asks, and the list after it holds the
answers, each marked `[x]` (right) or `[ ]` and followed by a paragraph that says why. Notebook
programs show it as it is, folded. On the page it becomes groups of radio buttons; what an answer
deserves to hear is shown when it is chosen, inside a region that screen readers listen to.
"""

from docutils import nodes

MARKS = {"[x] ": True, "[ ] ": False}
VERDICTS = {True: "Right. ", False: "Not so. "}


def make_quizzes(page):
    for box in page.select("div.admonition.quiz"):
        box["class"] = [name for name in box["class"] if name != "dropdown"]
        questions = box.find_all("ul", recursive=False)
        for answers in questions:
            name = f"question-{len(page.select('fieldset.question')) + 1}"
            answers.replace_with(_question(page, name, answers))
        score = page.new_tag("p", attrs={"class": "score"})
        score.string = f"Right answers, of {len(questions)}: "
        box.append(score)


def _question(page, name, answers):
    asked = answers.find_previous_sibling("p").extract()
    while asked.strong:
        asked.strong.unwrap()
    asked.name = "legend"
    group = page.new_tag("fieldset", attrs={"class": "question"})
    group.append(asked)
    for number, item in enumerate(answers.find_all("li", recursive=False), start=1):
        group.append(_answer(page, name, f"{name}-{number}", item))
    return group


def _answer(page, name, own_id, item):
    words, *reasons = item.find_all(True, recursive=False)
    mark = words.get_text()[:4]
    if mark not in MARKS or not reasons:
        raise ValueError(
            f"the answer {item.get_text()!r} of a quiz: start it with [x] or [ ], and say after an "
            "empty line why"
        )
    first = words.find(string=True)
    first.replace_with(first[len(mark) :])
    right = MARKS[mark]
    box = page.new_tag("div", attrs={"class": "answer"})
    button = page.new_tag("input", attrs={"type": "radio", "name": name, "id": own_id})
    button["class"] = "right" if right else "wrong"
    words.name, words["for"] = "label", own_id
    verdict = page.new_tag("strong")
    verdict.string = VERDICTS[right]
    reasons[0].insert(0, verdict)
    said = page.new_tag("div", attrs={"role": "status"})
    reason = page.new_tag("div", attrs={"class": "reason"})
    reason.extend(reasons)
    said.append(reason)
    for part in (button, words, said):
        box.append(part)
    return box


def questions_only(quiz):
    """A copy of a quiz, as Sphinx has it, that does not tell which answers are right."""
    quiz = quiz.deepcopy()
    quiz["classes"].remove("quiz")
    for item in quiz.findall(nodes.list_item):
        del item[1:]
        text = next(item.findall(nodes.Text))
        text.parent.replace(text, nodes.Text(text.astext()[len("[x] ") :]))
    return quiz
