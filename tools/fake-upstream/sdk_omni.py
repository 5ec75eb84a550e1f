"""Drives Google's own SDK against a fake upstream's Interactions API: sdk_omni.py BASE_URL.

Exits 0 if everything Google's documentation does with Gemini Omni works unchanged, else with the failed assertion.
"""

import base64
import sys
import time

from google import genai
from google.genai import types

MODEL = "gemini-omni-1.2-flash"
MAX_POLLS = 100
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63000100000005"
        "0001000a2db40000000049454e44ae426082"
    )
).decode()


def client(base_url, key="a-key"):
    options = types.HttpOptions(base_url=base_url)
    return genai.Client(api_key=key, vertexai=False, http_options=options)


def create(google, prompt, delivery="uri", **more):
    video = {"type": "video", "aspect_ratio": "16:9", "resolution": "720p", "duration": "8s", "delivery": delivery}
    return google.interactions.create(model=MODEL, background=True, input=prompt, response_format=video, **more)


def finish(google, interaction):
    """Polls as the documentation does; returns the finished interaction and how often it was still running."""
    running = 0
    while interaction.status == "in_progress":
        running += 1
        assert running < MAX_POLLS, "the interaction never finishes"
        time.sleep(0.05)
        interaction = google.interactions.get(interaction.id)
    return interaction, running


def renders_and_downloads(google):
    started = create(google, "a dog on a beach [[file:processing*2]]")
    assert started.id.startswith("v1_"), started.id
    interaction, running = finish(google, started)
    assert running > 1, "the render took no time"
    assert interaction.status == "completed", interaction.status
    assert [step.type for step in interaction.steps] == ["user_input", "model_output"], interaction.steps
    assert interaction.usage.output_tokens_by_modality[0].tokens == 8 * 5792, interaction.usage
    uri = interaction.output_video.uri
    file = google.files.get(name="files/" + uri.split("files/")[1].split(":")[0])
    looks = 1
    while file.state == types.FileState.PROCESSING:
        looks += 1
        time.sleep(0.05)
        file = google.files.get(name=file.name)
    assert (file.state, looks) == (types.FileState.ACTIVE, 3), (file.state, looks)
    film = google.files.download(file=file)
    assert film[4:8] == b"ftyp", film[:16]
    assert len(film) == file.size_bytes, (len(film), file.size_bytes)
    assert google.files.download(file=uri) == film


def renders_into_the_answer(google):
    interaction, _ = finish(google, create(google, "a cat [[download:bytes:100000]]", delivery="inline"))
    film = base64.b64decode(interaction.output_video.data)
    assert film[4:8] == b"ftyp" and film[144:] == bytes(offset % 251 for offset in range(144, 100_000)), len(film)


def takes_images(google):
    image = {"type": "image", "data": PIXEL, "mime_type": "image/png"}
    steps = [{"type": "user_input", "content": [{"type": "text", "text": "move"}, image]}]
    config = {"seed": 7, "video_config": {"task": "image_to_video"}}
    interaction, _ = finish(google, create(google, steps, generation_config=config))
    assert interaction.output_video, interaction


def cancels_and_deletes(google):
    started = create(google, "a fish [[render:60000]]")
    assert google.interactions.cancel(started.id).status == "cancelled"
    assert google.interactions.get(started.id).status == "cancelled"
    google.interactions.delete(started.id)
    assert refusal(lambda: google.interactions.get(started.id)).status_code == 404


def tells_of_filtered_and_failed_renders(google):
    interaction, _ = finish(google, create(google, "loud [[result:rai]]"))
    assert interaction.status == "completed" and not interaction.output_video, interaction
    interaction, _ = finish(google, create(google, "unlucky [[result:code13]]"))
    assert interaction.status == "failed", interaction.status
    assert "internal server issue" in interaction.errors[0].message, interaction.errors


def raises_googles_errors(google):
    started = create(google, "patient [[submit:429*1]]")
    assert started.status == "in_progress", "the SDK retries"
    cases = [
        ("gemini-omni-flash-preview", True, {"type": "video"}, 404, "is no longer available"),
        (MODEL, False, {"type": "video"}, 400, "`background` must be set to true"),
        (MODEL, True, {"type": "video", "duration": "16s"}, 400, "3s to 15s"),
        ("gemini-omni-1.1-flash", True, {"type": "video", "duration": "11s"}, 400, "3s to 10s"),
    ]
    for model, background, video, status, words in cases:
        error = refusal(
            lambda: google.interactions.create(model=model, background=background, input="x", response_format=video)
        )
        assert error.status_code == status and words in str(error), error
    stranger = client(google._api_client._http_options.base_url, "bad-key")
    assert "API key not valid" in str(refusal(lambda: create(stranger, "x")))


def lists_models(google):
    assert google.models.list(config={"page_size": 1}).page[0].name.startswith("models/")
    stranger = client(google._api_client._http_options.base_url, "bad-key")
    assert "API key not valid" in str(refusal(lambda: stranger.models.list(config={"page_size": 1})))


def refusal(call):
    """The error of a call."""
    try:
        answer = call()
    except Exception as error:
        return error
    raise AssertionError(f"it was not refused: {answer}")


def main():
    google = client(sys.argv[1])
    for check in [
        renders_and_downloads,
        renders_into_the_answer,
        takes_images,
        cancels_and_deletes,
        tells_of_filtered_and_failed_renders,
        raises_googles_errors,
        lists_models,
    ]:
        check(google)
        sys.stdout.write(f"ok {check.__name__}\n")


if __name__ == "__main__":
    main()
