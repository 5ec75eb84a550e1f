//! Messages to the objects. A message is a struct and its reply an associated type, so a reply of
//! the wrong type does not compile. Each message is idempotent: it may arrive twice or late.

/// A message, sent as JSON.
pub trait Message {
    /// The path of the request that carries it.
    const NAME: &'static str;
    type Reply;
}

/// The message got no reply. It may still have been processed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAnswer;

/// The result of sending `M`.
pub type Reply<M> = Result<<M as Message>::Reply, NoAnswer>;

/// Declares the reply type of a message.
macro_rules! message {
    ($name:ident -> $reply:ty) => {
        impl $crate::machine::message::Message for $name {
            const NAME: &'static str = stringify!($name);
            type Reply = $reply;
        }
    };
}
pub(crate) use message;
