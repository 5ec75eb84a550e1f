//! The two listeners and their routes.

use std::io;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::{Router, middleware};
use tokio::net::TcpListener;

use crate::call::{record, record_visit};
use crate::cli::Options;
use crate::connection::{CuttableListener, Cutter};
use crate::world::World;
use crate::{control, inbox, push, wire};

/// Both listeners, bound but not yet served.
pub(crate) struct Server {
    main: TcpListener,
    other: TcpListener,
    world: Arc<World>,
}

impl Server {
    /// Binds both listeners; the error is one sentence.
    pub(crate) async fn bind(options: Options) -> Result<Self, String> {
        let bind = async |address| {
            TcpListener::bind(address)
                .await
                .map_err(|error| format!("cannot listen on {address}: {error}"))
        };
        let main = bind(options.listen).await?;
        let other = bind(options.other_listen).await?;
        let origin = |listener: &TcpListener| {
            listener
                .local_addr()
                .map(|address| format!("http://{address}"))
                .map_err(|error| error.to_string())
        };
        let world = World::new(options, origin(&main)?, origin(&other)?)?;
        Ok(Self {
            main,
            other,
            world: Arc::new(world),
        })
    }

    /// The main listener's base URL.
    pub(crate) fn origin(&self) -> &str {
        &self.world.origin
    }

    /// Serves both listeners until one of them fails.
    pub(crate) async fn serve(self) -> io::Result<()> {
        let recorded = Router::new()
            .merge(wire::routes())
            .merge(inbox::routes())
            .merge(push::routes(self.world.clone()))
            .fallback(unknown)
            // The middleware has already limited the body.
            .layer(DefaultBodyLimit::disable())
            .layer(middleware::from_fn_with_state(self.world.clone(), record));
        let main = Router::new()
            .nest("/__control", control::routes())
            .merge(inbox::page_routes())
            .with_state(self.world.clone())
            .merge(recorded);
        let visits = middleware::from_fn_with_state(self.world.clone(), record_visit);
        let other = wire::other_routes().fallback(unknown).layer(visits);
        let main = serve(self.main, main);
        let other = serve(self.other, other);
        tokio::try_join!(main, other).map(|_| ())
    }
}

async fn serve(listener: TcpListener, router: Router) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<Cutter>();
    axum::serve(CuttableListener(listener), service).await
}

/// A path that belongs neither to Google nor to the app.
async fn unknown() -> StatusCode {
    StatusCode::NOT_FOUND
}
