//! All state, shared by both listeners.

use std::sync::Mutex;

use standardwebhooks::Webhook;
use tokio::sync::watch;

use crate::account::Account;
use crate::cli::Options;
use crate::clock;
use crate::faults::Faults;
use crate::gates::Gates;
use crate::inbox::Inbox;
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::lock::locked;
use crate::push::Pushes;
use crate::tokens::Tokens;

/// The state that the handlers share.
pub(crate) struct World {
    pub(crate) options: Options,
    /// The base URL of the main listener.
    pub(crate) origin: String,
    /// The base URL of the listener that plays another host.
    pub(crate) other_origin: String,
    /// One verifier for each accepted webhook secret.
    pub(crate) verifiers: Vec<Webhook>,
    pub(crate) account: Account,
    pub(crate) tokens: Tokens,
    pub(crate) pushes: Pushes,
    pub(crate) journal: Journal,
    pub(crate) gates: Gates,
    pub(crate) faults: Mutex<Faults>,
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) inbox: Mutex<Inbox>,
    /// Changes at every reset, which ends all hanging requests.
    resets: watch::Sender<u64>,
}

impl World {
    /// A new world; fails if a webhook secret is not base64.
    pub(crate) fn new(
        options: Options,
        origin: String,
        other_origin: String,
    ) -> Result<Self, String> {
        let verifiers = options
            .webhook_secrets
            .iter()
            .map(|secret| Webhook::new(secret))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| "--webhook-secret must be whsec_ and base64".to_owned())?;
        let account = Account::load()?;
        let tokens = Tokens::new(options.token_lifetime, account.secret());
        let pushes = Pushes::new(options.push_uri.clone().zip(options.push_secret.clone()))?;
        Ok(Self {
            account,
            tokens,
            pushes,
            options,
            origin,
            other_origin,
            verifiers,
            journal: Journal::new(),
            gates: Gates::new(),
            faults: Mutex::new(Faults::default()),
            ledger: Mutex::new(Ledger::new(clock::seed())),
            inbox: Mutex::new(Inbox::default()),
            resets: watch::Sender::new(0),
        })
    }

    /// The address of the token endpoint.
    pub(crate) fn token_uri(&self) -> String {
        format!("{}/token", self.origin)
    }

    /// Deletes all state, opens the gates and cuts hanging requests. Tokens stay valid, and the
    /// fixed address of pushes stays. Returns the last request's number.
    pub(crate) fn reset(&self) -> u64 {
        *locked(&self.faults) = Faults::default();
        locked(&self.ledger).clear();
        *locked(&self.inbox) = Inbox::default();
        self.pushes.clear();
        let last = self.journal.clear();
        self.gates.open_all();
        self.resets.send_modify(|count| *count += 1);
        last
    }

    /// Returns at the next reset after this call, even if it is polled only later.
    pub(crate) fn until_reset(&self) -> impl Future<Output = ()> + use<> {
        let mut resets = self.resets.subscribe();
        async move {
            // It fails only when the world is gone.
            let _ = resets.changed().await;
        }
    }
}
