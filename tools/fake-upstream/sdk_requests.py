"""Sends all kinds of requests with Google's own SDK: sdk_requests.py BASE_URL WIRE [CREDENTIAL].

WIRE is `gemini` (google-genai 2.34), `vertex` or `omni` (3.6). CREDENTIAL is the API key or, on Vertex AI, an
access token, the service account's JSON or the path of a file with it; by default the fake upstream's own account. Each
case is printed as one JSON line, {"case": ..., "prompt": ...}; prompts differ, so that the requests can be found in
the fake upstream's journal. A later case with the same prompt is a request of the same job.

Cases of `gemini`: defaults, bare, portrait-1080p, fast, negative-prompt, four-seconds, people, image,
image-and-last-frame, reference-images, webhook; of the first also poll, download.

Cases of `vertex`: defaults, bare, portrait-1080p, 4k, fast, seed, negative-prompt, people, four-seconds, two-samples,
image, image-from-storage, image-and-last-frame, reference-images, audio-off, storage, labels; of the first also poll,
of `storage` also storage-poll, storage-download (with google-cloud-storage).

Cases of `omni`: defaults, bare, portrait, seed, 360p, 720p, 1080p, 4k, shortest, longest, older-model,
older-model-longest, inline, image-to-video, reference-images, labels, webhook, edit; of the first also poll, file,
download; cancel and delete are separate cases.
"""

import base64
import json
import sys
import time
import urllib.request

from google import genai
from google.genai import types

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63000100000005"
    "0001000a2db40000000049454e44ae426082"
)
HOOK = "https://reelay.example/api/webhooks/upstream"
MAX_POLLS = 200


def say(case, prompt):
    sys.stdout.write(json.dumps({"case": case, "prompt": prompt}) + "\n")


def prompt_of(wire, case):
    # Nothing listens at the address, so no push arrives.
    return f"A lighthouse at dusk, {wire} case {case} [[push:off]]"


def until(look, done):
    for _ in range(MAX_POLLS):
        found = look()
        if done(found):
            return found
        time.sleep(0.05)
    raise AssertionError("it never ends")


def hook(wire):
    return {"uris": [HOOK], "user_metadata": {"userId": f"sdk-{wire}", "generationId": "webhook"}}


def veo(google, wire, model, cases):
    """Sends Veo cases; returns their operations by name."""
    operations = {}
    for case, (image, config) in cases.items():
        prompt = prompt_of(wire, case)
        used = model.replace("-generate", "-fast-generate") if case == "fast" else model
        operations[case] = google.models.generate_videos(model=used, prompt=prompt, image=image, config=config)
        say(case, prompt)
    return operations


def veo_cases(people, people_with_images):
    """The cases that both of Veo's wires have."""
    config = types.GenerateVideosConfig
    image = types.Image(image_bytes=PIXEL, mime_type="image/png")
    reference = types.VideoGenerationReferenceImage(image=image, reference_type="ASSET")
    defaults = {
        "number_of_videos": 1,
        "duration_seconds": 8,
        "aspect_ratio": "16:9",
        "resolution": "720p",
        "person_generation": people,
    }
    return {
        "defaults": (None, config(**defaults)),
        "bare": (None, None),
        "portrait-1080p": (None, config(**{**defaults, "aspect_ratio": "9:16", "resolution": "1080p"})),
        "fast": (None, config(**defaults)),
        "negative-prompt": (None, config(**defaults, negative_prompt="cartoon, text")),
        "four-seconds": (None, config(**{**defaults, "duration_seconds": 4})),
        "people": (None, config(person_generation=people)),
        "image": (image, config(**{**defaults, "person_generation": people_with_images})),
        "image-and-last-frame": (
            image,
            config(**{**defaults, "person_generation": people_with_images}, last_frame=image),
        ),
        "reference-images": (
            None,
            config(**{**defaults, "person_generation": people_with_images}, reference_images=[reference] * 2),
        ),
    }


def gemini(base_url, key):
    google = genai.Client(api_key=key, vertexai=False, http_options=types.HttpOptions(base_url=base_url))
    cases = veo_cases("allow_all", "allow_adult")
    told = cases["defaults"][1].model_copy(update={"webhook_config": types.WebhookConfig(**hook("gemini"))})
    cases["webhook"] = (None, told)
    started = veo(google, "gemini", "veo-3.1-generate-001", cases)["defaults"]
    prompt = prompt_of("gemini", "defaults")
    operation = until(lambda: google.operations.get(started), lambda operation: operation.done)
    say("poll", prompt)
    assert google.files.download(file=operation.response.generated_videos[0].video)
    say("download", prompt)


def identity(base_url, credential):
    from google.oauth2 import credentials, service_account

    if not credential:
        with urllib.request.urlopen(f"{base_url}/__control/service-account") as answer:
            credential = answer.read().decode()
    if credential.endswith(".json"):
        with open(credential, encoding="utf-8") as file:
            credential = file.read()
    if not credential.startswith("{"):
        return credentials.Credentials(credential), "reelay-local"
    account = json.loads(credential)
    scopes = ["https://www.googleapis.com/auth/cloud-platform"]
    signed = service_account.Credentials.from_service_account_info(account, scopes=scopes)
    return signed, account["project_id"]


def vertex(base_url, credential):
    who, project = identity(base_url, credential)
    options = types.HttpOptions(base_url=base_url)
    google = genai.Client(
        vertexai=True, project=project, location="us-central1", credentials=who, http_options=options
    )
    config = types.GenerateVideosConfig
    cases = veo_cases("allow_adult", "allow_adult")
    for _, settings in cases.values():
        if settings is not None:
            settings.generate_audio = True
    stored = types.Image(gcs_uri="gs://films/frame.jpg", mime_type="image/jpeg")
    usual = lambda **more: cases["defaults"][1].model_copy(update=more)
    cases |= {
        "4k": (None, usual(resolution="4k")),
        "seed": (None, usual(seed=4_294_967_295)),
        "two-samples": (None, config(number_of_videos=2)),
        "image-from-storage": (stored, config(duration_seconds=8, resize_mode="CROP")),
        "audio-off": (None, usual(generate_audio=False, duration_seconds=6)),
        "storage": (None, usual(output_gcs_uri="gs://films/reelay/")),
        "labels": (None, config(labels={"job": "a-generation"})),
    }
    operations = veo(google, "vertex", "veo-3.1-generate-001", cases)
    finish = lambda case: until(lambda: google.operations.get(operations[case]), lambda found: found.done)
    assert finish("defaults").response.generated_videos[0].video.video_bytes
    say("poll", prompt_of("vertex", "defaults"))
    place = finish("storage").response.generated_videos[0].video.uri
    assert place.startswith("gs://films/reelay/"), place
    say("storage-poll", prompt_of("vertex", "storage"))
    from google.cloud import storage

    bucket = storage.Client(project=project, credentials=who, client_options={"api_endpoint": base_url}).bucket("films")
    assert bucket.blob(place.removeprefix("gs://films/")).download_as_bytes()
    say("storage-download", prompt_of("vertex", "storage"))


def omni_cases():
    """The cases' requests: the model's id, the content beside the prompt, the video's format, and the rest."""
    newer, older = "gemini-omni-1.2-flash", "gemini-omni-1.1-flash"
    image = {"type": "image", "data": base64.b64encode(PIXEL).decode(), "mime_type": "image/png"}
    usual = {"aspect_ratio": "16:9", "resolution": "720p", "duration": "8s", "delivery": "uri"}
    task = lambda name, **more: {"generation_config": {"video_config": {"task": name}, **more}}
    cases = {
        "defaults": (newer, [], usual, task("text_to_video")),
        "bare": (newer, [], {}, {}),
        "portrait": (newer, [], {**usual, "aspect_ratio": "9:16"}, task("text_to_video")),
        "seed": (newer, [], usual, task("text_to_video", seed=7)),
        "shortest": (newer, [], {**usual, "duration": "3s"}, task("text_to_video")),
        "longest": (newer, [], {**usual, "duration": "15s"}, task("text_to_video")),
        "older-model": (older, [], usual, task("text_to_video")),
        "older-model-longest": (older, [], {**usual, "duration": "10s"}, task("text_to_video")),
        "inline": (newer, [], {**usual, "delivery": "inline"}, {}),
        "image-to-video": (newer, [image], usual, task("image_to_video")),
        "first-and-last-frame": (newer, [image, image], usual, task("image_to_video")),
        "reference-images": (newer, [image, image], usual, task("reference_to_video")),
        "six-references": (older, [image] * 6, usual, task("reference_to_video")),
        "labels": (newer, [], usual, {"labels": {"job": "a-generation"}}),
        "webhook": (newer, [], usual, {**task("text_to_video"), "webhook_config": hook("omni")}),
        "cancel": (newer, [], usual, {}),
        "delete": (newer, [], usual, {}),
    }
    for resolution in ["360p", "720p", "1080p", "4k"]:
        cases[resolution] = (newer, [], {**usual, "resolution": resolution}, task("text_to_video"))
    return cases


def omni(base_url, key):
    google = genai.Client(api_key=key, vertexai=False, http_options=types.HttpOptions(base_url=base_url))

    def create(case, model, images, video, more):
        prompt = prompt_of("omni", case) + (" [[render:60000]]" if case == "cancel" else "")
        text = {"type": "text", "text": prompt}
        started = google.interactions.create(
            model=model,
            background=True,
            input=[{"type": "user_input", "content": [text, *images]}] if images else prompt,
            response_format={"type": "video", **video},
            **more,
        )
        say(case, prompt)
        return started

    started = {case: create(case, *asked) for case, asked in omni_cases().items()}
    first = started["defaults"]
    prompt = prompt_of("omni", "defaults")
    done = until(lambda: google.interactions.get(first.id), lambda found: found.status == "completed")
    say("poll", prompt)
    video = {"aspect_ratio": "16:9", "resolution": "720p", "duration": "8s", "delivery": "uri"}
    more = {"previous_interaction_id": first.id, "generation_config": {"video_config": {"task": "edit"}}}
    create("edit", "gemini-omni-1.2-flash", [], video, more)
    name = "files/" + done.output_video.uri.split("files/")[1].split(":")[0]
    file = until(lambda: google.files.get(name=name), lambda file: file.state == types.FileState.ACTIVE)
    say("file", prompt)
    assert google.files.download(file=file)
    say("download", prompt)
    assert google.interactions.cancel(started["cancel"].id).status == "cancelled"
    google.interactions.delete(started["delete"].id)


def main():
    base_url, wire, *credential = sys.argv[1:]
    send = {"gemini": gemini, "vertex": vertex, "omni": omni}[wire]
    usual = "" if wire == "vertex" else "a-key"
    send(base_url, credential[0] if credential else usual)


if __name__ == "__main__":
    main()
