pub mod machine;
pub mod wire;
use worker::{Context, DurableObject, Env, Request, Response, Result, State, durable_object, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    env.durable_object("JOB_MANAGER")?.get_by_name("a")?.fetch_with_request(request).await
}

#[durable_object]
pub struct JobManager {
    state: State,
}
impl DurableObject for JobManager {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }
    async fn fetch(&self, _request: Request) -> Result<Response> {
        self.state.storage().sql().exec("SELECT 1", None)?;
        Response::ok("job")
    }
}

#[durable_object]
pub struct QueueManager {
    _state: State,
}
impl DurableObject for QueueManager {
    fn new(state: State, _env: Env) -> Self {
        Self { _state: state }
    }
    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::ok("queue")
    }
}
