//! The table of the order's fields.

/// A field of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    GenerationId,
    UserId,
    Prompt,
    Provider,
    Model,
    Priority,
    Metadata,
    StartAfter,
    TimeoutMs,
    StartTimeoutMs,
    Confirm,
    ConversationId,
    MessageId,
    Type,
    Duration,
    AspectRatio,
    Resolution,
    /// Width and height in pixels: a resolution and an aspect ratio in one.
    Size,
    NegativePrompt,
    Seed,
    PersonGeneration,
    GenerateAudio,
    Image,
    LastFrame,
    ReferenceImages,
}

/// Where the contract has a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// Beside the prompt.
    Order,
    /// Within `parameters`.
    Parameters,
}

/// One row of the table. A name in camelCase stands for the same name in `snake_case` too.
pub(crate) struct Row {
    pub(crate) field: Field,
    pub(crate) home: Home,
    /// The contract's name.
    pub(crate) name: &'static str,
    /// What SDKs of the field and apps in use call it.
    pub(crate) others: &'static [&'static str],
}

const fn row(field: Field, home: Home, name: &'static str, others: &'static [&'static str]) -> Row {
    Row {
        field,
        home,
        name,
        others,
    }
}

/// Every field, in the order of [`Field`]. The parser, the fingerprint and the errors' pointers
/// read it.
pub(crate) const TABLE: [Row; 25] = [
    row(Field::GenerationId, Home::Order, "generationId", &["id"]),
    row(Field::UserId, Home::Order, "userId", &[]),
    row(
        Field::Prompt,
        Home::Order,
        "prompt",
        &["promptText", "textPrompt"],
    ),
    row(Field::Provider, Home::Order, "provider", &[]),
    row(
        Field::Model,
        Home::Order,
        "model",
        &["modelId", "modelName"],
    ),
    row(Field::Priority, Home::Order, "priority", &[]),
    row(Field::Metadata, Home::Order, "metadata", &[]),
    row(Field::StartAfter, Home::Order, "startAfter", &[]),
    row(Field::TimeoutMs, Home::Order, "timeoutMs", &[]),
    row(Field::StartTimeoutMs, Home::Order, "startTimeoutMs", &[]),
    row(Field::Confirm, Home::Order, "confirm", &[]),
    row(
        Field::ConversationId,
        Home::Parameters,
        "conversationId",
        &[],
    ),
    row(Field::MessageId, Home::Parameters, "messageId", &[]),
    row(Field::Type, Home::Parameters, "type", &[]),
    row(
        Field::Duration,
        Home::Parameters,
        "duration",
        &[
            "durationSeconds",
            "durationSecs",
            "durationInSeconds",
            "seconds",
        ],
    ),
    row(
        Field::AspectRatio,
        Home::Parameters,
        "aspectRatio",
        &["ratio"],
    ),
    row(
        Field::Resolution,
        Home::Parameters,
        "resolution",
        &["quality"],
    ),
    row(Field::Size, Home::Parameters, "size", &[]),
    row(
        Field::NegativePrompt,
        Home::Parameters,
        "negativePrompt",
        &[],
    ),
    row(Field::Seed, Home::Parameters, "seed", &[]),
    row(
        Field::PersonGeneration,
        Home::Parameters,
        "personGeneration",
        &[],
    ),
    row(
        Field::GenerateAudio,
        Home::Parameters,
        "generateAudio",
        &["audio", "withAudio", "enableAudio", "sound"],
    ),
    row(
        Field::Image,
        Home::Parameters,
        "image",
        &[
            "firstFrame",
            "firstFrameImage",
            "startFrame",
            "startImage",
            "inputImage",
            "inputReference",
            "promptImage",
        ],
    ),
    row(
        Field::LastFrame,
        Home::Parameters,
        "lastFrame",
        &[
            "lastFrameImage",
            "lastImage",
            "endFrame",
            "endImage",
            "tailImage",
            "imageTail",
        ],
    ),
    row(
        Field::ReferenceImages,
        Home::Parameters,
        "referenceImages",
        &["references", "inputReferences"],
    ),
];

impl Field {
    fn row(self) -> &'static Row {
        // The table is in the order of the fields; a test holds it there.
        &TABLE[self as usize]
    }

    /// The contract's name.
    pub(crate) fn name(self) -> &'static str {
        self.row().name
    }

    /// Where the contract has it, as a JSON pointer.
    pub(crate) fn usual_pointer(self) -> String {
        let prefix = if self.is_parameter() {
            "/parameters/"
        } else {
            "/"
        };
        format!("{prefix}{}", self.name())
    }

    /// Whether it is shown among the `parameters` of the generation.
    pub(crate) fn is_parameter(self) -> bool {
        self.row().home == Home::Parameters
    }

    /// Whether it is a whole number, which may also be written as `8.0`. A duration is read by a
    /// rule of its own.
    pub(crate) fn is_whole_number(self) -> bool {
        matches!(
            self,
            Self::Priority | Self::Seed | Self::TimeoutMs | Self::StartTimeoutMs
        )
    }

    /// Whether it holds images, which are compared by their bytes.
    pub(crate) fn holds_images(self) -> bool {
        matches!(self, Self::Image | Self::LastFrame | Self::ReferenceImages)
    }

    /// Whether it is part of what is asked for, and not only a name of the job or its user.
    pub(crate) fn is_asked(self) -> bool {
        !matches!(self, Self::GenerationId | Self::UserId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_table_is_in_the_order_of_the_fields() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.field as usize, index, "{}", row.name);
        }
    }

    #[test]
    fn a_name_means_one_field() {
        let names: Vec<&str> = TABLE
            .iter()
            .flat_map(|row| row.others.iter().copied().chain([row.name]))
            .collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}
