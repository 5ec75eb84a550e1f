//! Where in an answer a video may stand.

use crate::upstream::google::inline_video::token::Key;
use crate::upstream::google::video::{BYTES, CONTAINERS};

/// An object or array that is open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Level {
    pub(crate) is_array: bool,
    /// Whether a video may stand in it.
    is_on_the_way: bool,
    /// What may come of the child that comes now or is being read.
    pub(crate) child: Child,
}

/// What a child may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Child {
    /// Nothing that matters.
    Other,
    /// An object or array that may hold a video.
    Container,
    /// A string that is the video.
    Bytes,
}

impl Level {
    /// One that is opened within another, or the document itself.
    pub(crate) fn within(parent: Option<&Self>, is_array: bool) -> Self {
        let is_on_the_way = parent.is_none_or(|parent| parent.child == Child::Container);
        let child = if is_array && is_on_the_way { Child::Container } else { Child::Other };
        Self { is_array, is_on_the_way, child }
    }

    /// What the child of this name may be.
    /// The operation itself has no bytes, only what holds them.
    pub(crate) fn child_named(self, key: &Key, is_operation: bool) -> Child {
        let is_one_of = |names: &[&str]| names.iter().any(|name| key.is(name.as_bytes()));
        match self.is_on_the_way {
            true if is_one_of(&CONTAINERS) => Child::Container,
            true if !is_operation && is_one_of(&BYTES) => Child::Bytes,
            true | false => Child::Other,
        }
    }
}
