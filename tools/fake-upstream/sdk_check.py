"""Drives Google's own SDK against a fake upstream: sdk_check.py BASE_URL.

Exits 0 if everything Google's documentation does with Veo works unchanged, else with the failed assertion.
"""

import sys
import time

from google import genai
from google.genai import errors, types

MODEL = "veo-3.1-generate-preview"
MAX_POLLS = 100
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63000100000005"
    "0001000a2db40000000049454e44ae426082"
)


def client(base_url, key="a-key"):
    options = types.HttpOptions(base_url=base_url)
    return genai.Client(api_key=key, vertexai=False, http_options=options)


def finish(google, operation):
    """Polls as the documentation does; returns the finished operation and how often it was still running."""
    running = 0
    while not operation.done:
        assert operation.done is None, f"a running operation says done={operation.done}"
        running += 1
        assert running < MAX_POLLS, "the operation never finishes"
        time.sleep(0.05)
        operation = google.operations.get(operation)
    return operation, running


def renders_and_downloads(google):
    operation = google.models.generate_videos(
        model=MODEL,
        prompt="a dog on a beach",
        config=types.GenerateVideosConfig(
            number_of_videos=1,
            duration_seconds=8,
            aspect_ratio="16:9",
            resolution="720p",
            person_generation="allow_all",
            negative_prompt="cartoon",
        ),
    )
    assert operation.name.startswith(f"models/{MODEL}/operations/"), operation.name
    operation, running = finish(google, operation)
    assert running > 1, "the render took no time"
    assert operation.error is None, operation.error
    video = operation.response.generated_videos[0].video
    assert video.uri.startswith("https://generativelanguage.googleapis.com/v1beta/files/"), video.uri
    film = google.files.download(file=video)
    assert film[4:8] == b"ftyp", film[:16]
    assert b"avc1" in film, "the film is not H.264"
    assert len(film) < 100_000, len(film)


def takes_up_an_operation_by_its_name(google):
    started = google.models.generate_videos(model=MODEL, prompt="a cat [[download:bytes:100000]]")
    operation, _ = finish(google, types.GenerateVideosOperation(name=started.name))
    film = google.files.download(file=operation.response.generated_videos[0].video)
    assert film[4:8] == b"ftyp" and film[144:] == bytes(offset % 251 for offset in range(144, 100_000)), len(film)


def takes_images(google):
    image = types.Image(image_bytes=PIXEL, mime_type="image/png")
    config = types.GenerateVideosConfig(last_frame=image, person_generation="allow_adult")
    operation = google.models.generate_videos(model=MODEL, prompt="move", image=image, config=config)
    assert finish(google, operation)[0].response.generated_videos


def tells_of_filtered_and_failed_renders(google):
    operation = google.models.generate_videos(model=MODEL, prompt="loud [[result:rai]]")
    operation, _ = finish(google, operation)
    assert operation.response.rai_media_filtered_count == 1, operation.response
    assert "safety filters" in operation.response.rai_media_filtered_reasons[0]
    assert not operation.response.generated_videos
    operation = google.models.generate_videos(model=MODEL, prompt="unlucky [[result:code13]]")
    operation, _ = finish(google, operation)
    assert operation.error["code"] == 13, operation.error
    assert operation.response is None


def raises_googles_errors(base_url):
    cases = [
        ("a-key", MODEL, "x [[submit:429]]", errors.ClientError, 429, "RESOURCE_EXHAUSTED", "check quota"),
        ("a-key", MODEL, "x [[submit:503]]", errors.ServerError, 503, "UNAVAILABLE", "high demand"),
        ("a-key", "veo-retired-001", "x", errors.ClientError, 404, "NOT_FOUND", "is no longer available"),
        ("a-key", "veo-9", "x", errors.ClientError, 404, "NOT_FOUND", "Call ListModels"),
        ("bad-key", MODEL, "x", errors.ClientError, 400, "INVALID_ARGUMENT", "API key not valid"),
    ]
    for key, model, prompt, kind, code, status, words in cases:
        # A dropped client closes its connections, so a variable must hold it.
        google = client(base_url, key)
        try:
            google.models.generate_videos(model=model, prompt=prompt)
        except kind as error:
            assert (error.code, error.status) == (code, status), error
            assert words in error.message, error.message
        else:
            raise AssertionError(f"{model} with {prompt!r} was accepted")


def main():
    base_url = sys.argv[1]
    google = client(base_url)
    checks = [
        renders_and_downloads,
        takes_up_an_operation_by_its_name,
        takes_images,
        tells_of_filtered_and_failed_renders,
    ]
    for check in checks:
        check(google)
        sys.stdout.write(f"ok {check.__name__}\n")
    raises_googles_errors(base_url)
    sys.stdout.write("ok raises_googles_errors\n")


if __name__ == "__main__":
    main()
