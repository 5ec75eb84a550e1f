"""The client that openapi-python-client generates from the description, on the running worker: order, poll, list,
cancel, and be refused."""

import importlib
import os
import pkgutil
from datetime import datetime, timedelta, timezone

import reelay_client
from reelay_client import AuthenticatedClient
from reelay_client.api.generations import cancel_generation, create_generation, get_generation, list_generations
from reelay_client.models import (
    BlockedBy,
    Order,
    OrderMetadataType0,
    OrderModelType0,
    OrderParameters,
    OrderParametersDurationType0,
    Png,
    Status,
)
from reelay_client.models.list_generations_status import ListGenerationsStatus

# Every module compiles and finds its imports.
modules = [module.name for module in pkgutil.walk_packages(reelay_client.__path__, "reelay_client.")]
for module in modules:
    importlib.import_module(module)

client = AuthenticatedClient(
    base_url=os.environ["REELAY_ORIGIN"], token=os.environ["REELAY_TOKEN"], raise_on_unexpected_status=True
)
metadata = OrderMetadataType0()
metadata["by"] = "openapi-python-client"
parameters = OrderParameters(
    duration=OrderParametersDurationType0.VALUE_8,
    resolution="720p",
    negative_prompt=None,
    image=Png(mime_type="image/png", data=os.environ["REELAY_PIXEL"]),
)
parameters["conversationId"] = "c_1"
order = Order(
    prompt="A paper boat on a calm lake",
    model=OrderModelType0("veo-3.1-generate-001"),
    parameters=parameters,
    metadata=metadata,
    start_after=datetime.now(timezone.utc) + timedelta(days=1),
)
with client:
    created = create_generation.sync_detailed(client=client, body=order)
    assert created.status_code == 201, created
    name = created.parsed.generation_id

    generation = get_generation.sync(name, client=client).generation
    assert (generation.status, generation.blocked_by) == (Status.QUEUED, BlockedBy.START_AFTER), generation
    assert generation.metadata.to_dict() == {"by": "openapi-python-client"}, generation
    assert generation.parameters["conversationId"] == "c_1", generation

    page = list_generations.sync(client=client, status=ListGenerationsStatus.QUEUED, limit=5)
    assert [one.id for one in page.data] == [name] and page.next_cursor is None, page

    assert cancel_generation.sync(name, client=client).status == Status.CANCELLED
    again = cancel_generation.sync_detailed(name, client=client)
    assert (again.status_code, again.parsed.code) == (409, "already_ended"), again

    refused = create_generation.sync_detailed(client=client, body=Order(prompt="ab"))
    assert (refused.status_code, refused.parsed.errors[0].pointer) == (400, "/prompt"), refused
print(f"openapi-python-client: {len(modules)} modules, ordered, looked, listed, cancelled, refused")
