"""What a row of QUERIES holds where no model was asked."""

from typing import Any

WITHOUT_MODEL: dict[str, Any] = {
    **{
        "needed_context": [],
        "difficulty": "",
        "rationale": "",
        "drafts": 1,
        "findings": [],
        "repeats": "",
        "judge": "",
    },
    **{"judgements": 0, "judged_fidelity": None, "judged_realism": None, "judged_leakage": None, "judges_agree": None},
    **{"input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0},
}
