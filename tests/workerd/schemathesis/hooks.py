"""What schemathesis cannot read from the description: which refusals of a well-formed order are right."""

import schemathesis

# What the model that is asked for decides, by JSON pointer.
MODEL_DECIDES = {
    "/provider",
    "/model",
    "/parameters/duration",
    "/parameters/aspectRatio",
    "/parameters/resolution",
    "/parameters/negativePrompt",
    "/parameters/seed",
    "/parameters/personGeneration",
    "/parameters/generateAudio",
    "/parameters/image",
    "/parameters/lastFrame",
    "/parameters/referenceImages",
}
# How it says so.
MODEL_SAYS = ("must be one of", "is not supported by", "cannot be false for", "must be at most", "needs a", "seconds with reference")
# What no schema says: two names must agree, and a start lies within some days from now.
OTHERS = {
    "/generationId": "must be equal when both are given",
    "Idempotency-Key": "must be equal when both are given",
    "X-User-Id": "must name the same user",
    "/startAfter": "days ahead",
}


def is_right(error):
    name = next(error[kind] for kind in ("pointer", "header", "parameter") if kind in error)
    detail = error["detail"]
    if name in MODEL_DECIDES:
        return any(words in detail for words in MODEL_SAYS)
    return name in OTHERS and OTHERS[name] in detail


@schemathesis.check
def an_order_is_refused_for_a_reason(ctx, response, case):
    """A well-formed order is refused for what its model takes, or for what no schema can say, and for nothing else."""
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if case.operation.label != "POST /api/generations" or response.status_code != 400 or not positive:
        return
    wrong = [error for error in response.json()["errors"] if not is_right(error)]
    assert not wrong, f"A well-formed order was refused: {wrong}"
