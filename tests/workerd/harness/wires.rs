//! The wires over which a job may be rendered: every promise holds on each.

/// A provider of the worker; the local upstream stands in for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    Gemini,
    Vertex,
    Omni,
}

impl Wire {
    pub(crate) const ALL: [Self; 3] = [Self::Gemini, Self::Vertex, Self::Omni];

    /// The provider in an order.
    pub(crate) fn provider(self) -> &'static str {
        match self {
            Self::Gemini => "veo3",
            Self::Vertex => "vertex",
            Self::Omni => "omni",
        }
    }

    /// The default model.
    pub(crate) fn model(self) -> &'static str {
        match self {
            Self::Gemini | Self::Vertex => "veo-3.1-generate-001",
            Self::Omni => "gemini-omni-1.2-flash",
        }
    }

    /// The step of the request that the gate `gate` holds: on Vertex AI, Cloud Storage serves the
    /// bytes at the file's address.
    pub(crate) fn request_at(self, gate: &'static str) -> &'static str {
        if self == Self::Vertex && gate == "bytes" {
            "download"
        } else {
            gate
        }
    }

    /// Another model, so that a backoff can be confined to it.
    pub(crate) fn other_model(self) -> &'static str {
        match self {
            Self::Gemini | Self::Vertex => "veo-3.1-fast-generate-001",
            Self::Omni => "gemini-omni-1.1-flash",
        }
    }
}

/// Generates a test for each function and wire.
macro_rules! on_each_wire {
    ($($test:ident,)*) => {
        mod gemini {
            $(#[test] fn $test() { super::$test($crate::harness::Wire::Gemini); })*
        }
        mod vertex {
            $(#[test] fn $test() { super::$test($crate::harness::Wire::Vertex); })*
        }
        mod omni {
            $(#[test] fn $test() { super::$test($crate::harness::Wire::Omni); })*
        }
    };
}
pub(crate) use on_each_wire;
