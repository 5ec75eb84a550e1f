//! The table of the order's fields.

use crate::machine::queue::MAX_PRIORITY;

/// The longest negative prompt, in characters.
pub(crate) const MAX_NEGATIVE_PROMPT: usize = 5_000;
const PRIORITY: Shape = Shape::Whole {
    least: 0,
    most: MAX_PRIORITY as u32,
};
const SEED: Shape = Shape::Whole {
    least: 0,
    most: u32::MAX,
};
/// The range of an order's `timeoutMs`, in milliseconds.
const TIMEOUT_MS: Shape = Shape::Whole {
    least: 1_000,
    most: 86_400_000,
};
/// The range of an order's `startTimeoutMs`, in milliseconds.
const START_TIMEOUT_MS: Shape = Shape::Whole {
    least: 1_000,
    most: 2_592_000_000,
};

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
    /// Width and height in pixels: sets both the resolution and the aspect ratio.
    Size,
    NegativePrompt,
    Seed,
    PersonGeneration,
    GenerateAudio,
    Image,
    LastFrame,
    ReferenceImages,
}

/// Where the API's schema has a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Home {
    /// Beside the prompt.
    Order,
    /// Within `parameters`.
    Parameters,
}

/// The values of a field: how they are read, compared and described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    GenerationId,
    UserId,
    Prompt,
    Provider,
    Model,
    /// A text of at most this many characters.
    Text(usize),
    /// One of the models' aspect ratios.
    AspectRatio,
    Resolution,
    PersonGeneration,
    /// A whole number, which may also be written as `8.0`.
    Whole {
        least: u32,
        most: u32,
    },
    /// A duration that a model supports, as a number or a string.
    Seconds,
    Flag,
    Time,
    /// Strings under the app's own keys.
    Texts,
    Image,
    Images,
    /// Accepted from existing apps, but not in the API description.
    Undescribed,
}

/// One row of the table. A name in camelCase stands for the same name in `snake_case` too.
pub(crate) struct Row {
    pub(crate) field: Field,
    pub(crate) home: Home,
    /// The name in the API's schema.
    pub(crate) name: &'static str,
    /// Its names in other vendors' SDKs and in existing apps.
    pub(crate) others: &'static [&'static str],
    pub(crate) shape: Shape,
    /// Its text in the API description, which the worker does not contain.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) says: &'static str,
}

const fn row(
    field: Field,
    home: Home,
    name: &'static str,
    others: &'static [&'static str],
    shape: Shape,
    #[cfg_attr(target_arch = "wasm32", expect(unused_variables))] says: &'static str,
) -> Row {
    Row {
        field,
        home,
        name,
        others,
        shape,
        #[cfg(not(target_arch = "wasm32"))]
        says,
    }
}

/// Every field, in the order of [`Field`]. The parser, the fingerprint, the pointers of errors and
/// the API description use it.
pub(crate) const TABLE: [Row; 25] = [
    row(
        Field::GenerationId,
        Home::Order,
        "generationId",
        &["id"],
        Shape::GenerationId,
        "The app's own id. Repeating the same order with the same id creates no second job. Without an id, Reelay creates a UUID.",
    ),
    row(
        Field::UserId,
        Home::Order,
        "userId",
        &[],
        Shape::UserId,
        "The user, if a key or an admin sends the order. A user's own token may name only that user. `X-User-Id` is an alternative.",
    ),
    row(
        Field::Prompt,
        Home::Order,
        "prompt",
        &["promptText", "textPrompt"],
        Shape::Prompt,
        "What the video shows. At least three characters must be visible.",
    ),
    row(
        Field::Provider,
        Home::Order,
        "provider",
        &[],
        Shape::Provider,
        "The provider; `google` means any provider that has the model. `GET /api/models` lists the configured providers.",
    ),
    row(
        Field::Model,
        Home::Order,
        "model",
        &["modelId", "modelName"],
        Shape::Model,
        "`GET /api/models` lists parameters and prices. Aliases set by the operator are accepted too.",
    ),
    row(
        Field::Priority,
        Home::Order,
        "priority",
        &[],
        PRIORITY,
        "Each level counts as one more minute of waiting. A user's own token may be limited to fewer levels: `maxPriority` of `GET /api/models`.",
    ),
    row(
        Field::Metadata,
        Home::Order,
        "metadata",
        &[],
        Shape::Texts,
        "Echoed back in answers and webhooks; at most {} bytes of JSON.",
    ),
    row(
        Field::StartAfter,
        Home::Order,
        "startAfter",
        &[],
        Shape::Time,
        "It does not start before this time, at most {} days ahead. A time in the past means at once.",
    ),
    row(
        Field::TimeoutMs,
        Home::Order,
        "timeoutMs",
        &[],
        TIMEOUT_MS,
        "The maximum from start to end of the render, in milliseconds; a shorter `JOB_TIMEOUT_MS` takes precedence.",
    ),
    row(
        Field::StartTimeoutMs,
        Home::Order,
        "startTimeoutMs",
        &[],
        START_TIMEOUT_MS,
        "The maximum time in the queue, in milliseconds.",
    ),
    row(
        Field::Confirm,
        Home::Order,
        "confirm",
        &[],
        Shape::Flag,
        "`true`: it waits as `pending_confirmation` and costs nothing until it is confirmed. Without confirmation, it fails after a day.",
    ),
    row(
        Field::ConversationId,
        Home::Parameters,
        "conversationId",
        &[],
        Shape::Undescribed,
        "",
    ),
    row(
        Field::MessageId,
        Home::Parameters,
        "messageId",
        &[],
        Shape::Undescribed,
        "",
    ),
    row(
        Field::Type,
        Home::Parameters,
        "type",
        &[],
        Shape::Undescribed,
        "",
    ),
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
        Shape::Seconds,
        "Seconds. A string such as `8` or `8s` is accepted too.",
    ),
    row(
        Field::AspectRatio,
        Home::Parameters,
        "aspectRatio",
        &["ratio"],
        Shape::AspectRatio,
        "The default is the model's first one.",
    ),
    row(
        Field::Resolution,
        Home::Parameters,
        "resolution",
        &["quality"],
        Shape::Resolution,
        "The default is the model's first one. Some resolutions need a certain duration. `standard` is 720p, `high` 1080p, `ultra` 4k.",
    ),
    row(
        Field::Size,
        Home::Parameters,
        "size",
        &[],
        Shape::Undescribed,
        "",
    ),
    row(
        Field::NegativePrompt,
        Home::Parameters,
        "negativePrompt",
        &[],
        Shape::Text(MAX_NEGATIVE_PROMPT),
        "What the video must not show. An empty one is ignored.",
    ),
    row(
        Field::Seed,
        Home::Parameters,
        "seed",
        &[],
        SEED,
        "Makes a video more similar to an earlier one with the same seed.",
    ),
    row(
        Field::PersonGeneration,
        Home::Parameters,
        "personGeneration",
        &[],
        Shape::PersonGeneration,
        "Whether the video may show people.",
    ),
    row(
        Field::GenerateAudio,
        Home::Parameters,
        "generateAudio",
        &["audio", "withAudio", "enableAudio", "sound"],
        Shape::Flag,
        "`false` for a silent video; refused for models that always produce sound.",
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
        Shape::Image,
        "The first frame. With Veo it excludes `referenceImages`.",
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
        Shape::Image,
        "The last frame; needs `image`, and excludes `referenceImages`.",
    ),
    row(
        Field::ReferenceImages,
        Home::Parameters,
        "referenceImages",
        &["references", "inputReferences"],
        Shape::Images,
        "Images of what the video shows. Only Omni combines them with a first frame.",
    ),
];

impl Field {
    fn row(self) -> &'static Row {
        // A test checks that the table is in the order of the fields.
        &TABLE[self as usize]
    }

    /// The name in the API's schema.
    pub(crate) fn name(self) -> &'static str {
        self.row().name
    }

    /// The JSON pointer of its usual place.
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

    pub(crate) fn shape(self) -> Shape {
        self.row().shape
    }

    /// Whether it has images, which are compared by their bytes.
    pub(crate) fn holds_images(self) -> bool {
        matches!(self.shape(), Shape::Image | Shape::Images)
    }

    /// Whether it is part of the order, not only the id of the job or its user.
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
