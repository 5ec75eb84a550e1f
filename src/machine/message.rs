//! Messages to the objects. A message is a struct and its reply an associated type, so a reply of
//! another kind does not compile. Each message is idempotent: it may arrive twice or late.

/// A message, which travels as JSON.
pub trait Message {
    /// How it is addressed: the path of the request that carries it.
    const NAME: &'static str;
    type Reply;
}

/// The message got no answer. It may have been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoAnswer;

/// What came of sending `M`.
pub type Reply<M> = Result<<M as Message>::Reply, NoAnswer>;

/// Names the reply of a message.
macro_rules! message {
    ($name:ident -> $reply:ty) => {
        impl $crate::machine::message::Message for $name {
            const NAME: &'static str = stringify!($name);
            type Reply = $reply;
        }
    };
}
pub(crate) use message;
