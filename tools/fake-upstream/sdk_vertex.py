"""Drives Google's own SDK, with a service account, against a fake upstream's Vertex AI: sdk_vertex.py BASE_URL.

Exits 0 if everything Google's documentation does with Veo there works unchanged, else with the failed assertion.
"""

import json
import sys
import time
import urllib.request

from google import genai
from google.cloud import storage
from google.genai import errors, types
from google.oauth2 import credentials, service_account

MODEL = "veo-3.1-generate-001"
PROJECT = "reelay-local"
LOCATION = "us-central1"
SCOPES = ["https://www.googleapis.com/auth/cloud-platform"]
MAX_POLLS = 100
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63000100000005"
    "0001000a2db40000000049454e44ae426082"
)


def service_account_of(base_url):
    with urllib.request.urlopen(f"{base_url}/__control/service-account") as answer:
        account = json.load(answer)
    return service_account.Credentials.from_service_account_info(account, scopes=SCOPES)


def client(base_url, identity, project=PROJECT):
    options = types.HttpOptions(base_url=base_url)
    return genai.Client(
        vertexai=True, project=project, location=LOCATION, credentials=identity, http_options=options
    )


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


def is_film(film, length):
    return film[4:8] == b"ftyp" and film[144:] == bytes(offset % 251 for offset in range(144, length))


def renders_into_the_answer(google, _):
    operation = google.models.generate_videos(
        model=MODEL,
        prompt="a dog on a beach",
        config=types.GenerateVideosConfig(
            number_of_videos=1,
            duration_seconds=8,
            aspect_ratio="16:9",
            resolution="1080p",
            person_generation="allow_adult",
            negative_prompt="cartoon",
            generate_audio=True,
            seed=4_294_967_295,
            labels={"team": "film"},
        ),
    )
    name = f"projects/{PROJECT}/locations/{LOCATION}/publishers/google/models/{MODEL}/operations/"
    assert operation.name.startswith(name), operation.name
    operation, running = finish(google, operation)
    assert running > 1, "the render took no time"
    assert operation.error is None, operation.error
    video = operation.response.generated_videos[0].video
    assert video.mime_type == "video/mp4", video.mime_type
    assert video.video_bytes[4:8] == b"ftyp", video.video_bytes[:16]


def renders_into_cloud_storage(google, identity):
    base_url = google._api_client._http_options.base_url
    config = types.GenerateVideosConfig(output_gcs_uri="gs://films/of/dogs/", number_of_videos=2)
    operation = google.models.generate_videos(
        model=MODEL, prompt="two dogs [[download:bytes:100000]]", config=config
    )
    operation, _ = finish(google, operation)
    uris = [generated.video.uri for generated in operation.response.generated_videos]
    assert len(set(uris)) == 2 and all(uri.startswith("gs://films/of/dogs/") for uri in uris), uris
    bucket = storage.Client(
        project=PROJECT, credentials=identity, client_options={"api_endpoint": base_url}
    ).bucket("films")
    for uri in uris:
        film = bucket.blob(uri.removeprefix("gs://films/")).download_as_bytes()
        assert is_film(film, 100_000), f"{len(film)} bytes"


def takes_up_an_operation_by_its_name(google, _):
    started = google.models.generate_videos(model=MODEL, prompt="a cat [[download:bytes:100001]]")
    operation, _ = finish(google, types.GenerateVideosOperation(name=started.name))
    assert is_film(operation.response.generated_videos[0].video.video_bytes, 100_001)


def takes_images(google, _):
    image = types.Image(image_bytes=PIXEL, mime_type="image/png")
    stored = types.Image(gcs_uri="gs://films/frame.jpg", mime_type="image/jpeg")
    reference = types.VideoGenerationReferenceImage(image=image, reference_type="ASSET")
    for first, config in [
        (image, types.GenerateVideosConfig(last_frame=stored)),
        (None, types.GenerateVideosConfig(reference_images=[reference] * 3)),
    ]:
        operation = google.models.generate_videos(model=MODEL, prompt="move", image=first, config=config)
        assert finish(google, operation)[0].response.generated_videos


def tells_of_filtered_and_failed_renders(google, _):
    operation = google.models.generate_videos(model=MODEL, prompt="loud [[result:rai:42237218]]")
    operation, _ = finish(google, operation)
    assert operation.response.rai_media_filtered_count == 1, operation.response
    assert operation.response.rai_media_filtered_reasons[0].endswith("Support codes: 42237218")
    assert not operation.response.generated_videos
    operation = google.models.generate_videos(model=MODEL, prompt="unlucky [[result:code13]]")
    operation, _ = finish(google, operation)
    assert operation.error["code"] == 13, operation.error
    assert operation.response is None


def raises_googles_errors(google, identity):
    base_url = google._api_client._http_options.base_url
    stranger = credentials.Credentials("a-token-of-nobody")
    cases = [
        (identity, PROJECT, MODEL, "x [[submit:429]]", errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
        (identity, PROJECT, MODEL, "x [[submit:503]]", errors.ServerError, 503, "UNAVAILABLE"),
        (identity, PROJECT, "veo-3.0-generate-001", "x", errors.ClientError, 404, "NOT_FOUND"),
        (identity, "another-project", MODEL, "x", errors.ClientError, 403, "PERMISSION_DENIED"),
        (stranger, PROJECT, MODEL, "x", errors.ClientError, 401, "UNAUTHENTICATED"),
    ]
    for who, project, model, prompt, kind, code, status in cases:
        # A dropped client closes its connections, so a variable must hold it.
        other = client(base_url, who, project)
        try:
            other.models.generate_videos(model=model, prompt=prompt)
        except kind as error:
            assert (error.code, error.status) == (code, status), error
        else:
            raise AssertionError(f"{model} of {project} with {prompt!r} was accepted")


def lists_models(google, identity):
    """The project's own models, of which there are none; those of Google are another list."""
    own = {"page_size": 1, "query_base": False}
    assert google.models.list(config=own).page == []
    other = client(sys.argv[1], identity, "another-project")
    try:
        other.models.list(config=own)
    except errors.ClientError as error:
        assert (error.code, error.status) == (403, "PERMISSION_DENIED"), error
    else:
        raise AssertionError("another project's models were listed")


def main():
    identity = service_account_of(sys.argv[1])
    google = client(sys.argv[1], identity)
    for check in [
        renders_into_the_answer,
        renders_into_cloud_storage,
        takes_up_an_operation_by_its_name,
        takes_images,
        tells_of_filtered_and_failed_renders,
        raises_googles_errors,
        lists_models,
    ]:
        check(google, identity)
        sys.stdout.write(f"ok {check.__name__}\n")


if __name__ == "__main__":
    main()
