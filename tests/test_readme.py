"""What the README shows is what one gets."""

import re
from pathlib import Path

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()


class TestTheCodeOfTheReadme:
    def test_gives_the_times_in_its_comments(self):
        code = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
        names = {}
        exec(code, names)
        times = names["gk"].grokking_times(names["run"])
        assert f"t1 = {times.overfit_step}, t2 = {times.generalize_step}" in code
        late = names["gk"].exact_grokking_times(
            names["problem"], weight_decay=1e-9, learning_rate=1.0
        )
        assert "2 billion steps" in code and late.generalize_step // 10**9 == 2
