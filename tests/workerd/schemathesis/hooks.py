"""What schemathesis cannot read from the description: fresh names, signatures, and which refusals are right."""

import base64
import hashlib
import hmac
import os
import time

import schemathesis

# Fields that depend on the requested model, by JSON pointer.
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
# The refusals that depend on the model.
MODEL_SAYS = (
    "must be one of",
    "is not supported by",
    "cannot be false for",
    "cannot go with",
    "must be at most",
    "needs a",
    "seconds with reference",
)
# Rules that no schema can express: two names must agree, and a start lies within some days from
# now.
OTHERS = {
    "/generationId": "must be equal when both are given",
    "Idempotency-Key": "must be equal when both are given",
    "X-User-Id": "must name the same user",
    "/startAfter": "days ahead",
}
# Such rules of other operations, by field.
AMOUNT = "an amount of US dollars"
SCOPE = {"/provider": ["must be one of"], "/model": ["must be one of"]}
BULK = {
    "/count": ["is required to run"],
    "/maxCost": ["is required to run", AMOUNT],
    "/filter/status": ["must be one of"],
    "/filter/all": ["must be left out when other fields are sent", "must be true to choose"],
    "/filter/createdBefore": ["must be later than createdAfter"],
}
REASONS = {
    "POST /api/queue/pause": SCOPE,
    "POST /api/queue/resume": SCOPE,
    "PATCH /api/queue/settings": {
        "/maxCostPerDay": [AMOUNT],
        "/maxCostPerUserPerDay": [AMOUNT, "must be set if"],
        "/maxConcurrentJobs": ["must be at least maxConcurrentJobsPerUser"],
        "/maxConcurrentJobsPerUser": ["must be at most maxConcurrentJobs"],
    },
    "POST /api/bulk": BULK,
}


# Refusals of generated keys that are not described: some are other names of a field.
UNDESCRIBED = ("differs from", "is not supported", "half a character")


def is_right(error):
    name = next(error[kind] for kind in ("pointer", "header", "parameter") if kind in error)
    detail = error["detail"]
    if any(words in detail for words in UNDESCRIBED):
        return True
    if name in MODEL_DECIDES:
        return any(words in detail for words in MODEL_SAYS)
    return name in OTHERS and OTHERS[name] in detail


@schemathesis.check
def a_command_is_refused_for_a_reason(ctx, response, case):
    """A well-formed command of an operator may be refused only for a rule that no schema can express."""
    reasons = REASONS.get(case.operation.label)
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if reasons is None or response.status_code != 400 or not positive:
        return
    problem = response.json()
    if problem["code"] == "bulk_too_large":
        return
    wrong = [
        error
        for error in problem["errors"]
        if not any(words in error["detail"] for words in reasons.get(error["pointer"], []))
    ]
    assert problem["errors"] and not wrong, f"A well-formed command was refused: {problem}"


@schemathesis.check
def an_order_is_refused_for_a_reason(ctx, response, case):
    """A well-formed order may be refused only for what its model takes, or for a rule that no schema can express."""
    positive = case.meta is not None and case.meta.generation.mode.is_positive
    if case.operation.label != "POST /api/generations" or response.status_code != 400 or not positive:
        return
    wrong = [error for error in response.json()["errors"] if not is_right(error)]
    assert not wrong, f"A well-formed order was refused: {wrong}"


USED = set()
KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(context, case, kwargs):
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.operation.label == "POST /api/generations" and isinstance(case.body, dict):
        # The body is shared with later cases, and headers are taken from both.
        case.body = dict(case.body)
        name_anew(case)
        if kwargs.get("headers") is not None:
            kwargs["headers"].pop(KEY, None)
            if KEY in case.headers:
                kwargs["headers"][KEY] = case.headers[KEY]
    if case.operation.label == "POST /api/webhooks/upstream":
        kwargs["auth"] = sign


def sign(request):
    """Signs a webhook according to the Standard Webhooks specification, as the video service does."""
    key = base64.b64decode(os.environ["UPSTREAM_WEBHOOK_SECRET"].removeprefix("whsec_"))
    body = request.body or b""
    body = body.encode() if isinstance(body, str) else body
    stamp = str(int(time.time()))
    signature = hmac.new(key, f"msg_1.{stamp}.".encode() + body, hashlib.sha256).digest()
    request.headers["webhook-id"] = "msg_1"
    request.headers["webhook-timestamp"] = stamp
    request.headers["webhook-signature"] = "v1," + base64.b64encode(signature).decode()
    return request


def name_anew(case):
    """Gives a well-formed order one new name. Orders with two names, and repeats, are tested elsewhere."""
    if case.headers.get(KEY) is not None and case.body.get("generationId") is not None:
        # Alternately, so that both kinds of name are sent.
        if len(USED) % 2:
            del case.headers[KEY]
        else:
            del case.body["generationId"]
    for holder, field in ((case.headers, KEY), (case.body, "generationId")):
        if holder.get(field) in USED:
            holder[field] = f"g_{len(USED)}"
        USED.add(holder.get(field))
    USED.discard(None)
