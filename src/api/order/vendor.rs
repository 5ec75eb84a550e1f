//! Fields of vendors' SDKs that no model supports. Each is refused, with what to do instead.

use crate::api::order::values::whole;
use serde_json::Value;

/// Fields that are refused with the same text.
pub(crate) struct Vendor {
    pub(crate) names: &'static [&'static str],
    unless: Harmless,
    /// What is wrong, and what to do instead.
    pub(crate) detail: &'static str,
}

/// The value that equals the default behaviour, and is accepted.
enum Harmless {
    Nothing,
    One,
    False,
}

impl Vendor {
    /// Whether a value equals the default behaviour.
    pub(crate) fn takes(&self, value: &Value) -> bool {
        match self.unless {
            Harmless::Nothing => false,
            Harmless::One => whole(value) == Some(1),
            Harmless::False => *value == Value::Bool(false),
        }
    }
}

const fn refuse(names: &'static [&'static str], unless: Harmless, detail: &'static str) -> Vendor {
    Vendor {
        names,
        unless,
        detail,
    }
}

/// The refused fields. Names are in camelCase; the same names in `snake_case` are refused too.
pub(crate) const VENDORS: [Vendor; 22] = [
    refuse(
        &[
            "n",
            "sampleCount",
            "numberOfVideos",
            "numVideos",
            "numOutputs",
            "numResults",
            "videoCount",
            "candidateCount",
        ],
        Harmless::One,
        "must be 1 or left out: an order makes one video, so send one order per video, each with its own generationId",
    ),
    refuse(
        &["fps", "frameRate", "framesPerSecond"],
        Harmless::Nothing,
        "is not supported: every model has its own frame rate, so leave it out",
    ),
    refuse(
        &["numFrames", "frameCount", "frames"],
        Harmless::Nothing,
        "is not supported: send duration in seconds instead",
    ),
    refuse(
        &[
            "enhancePrompt",
            "promptOptimizer",
            "promptExtend",
            "promptUpsampling",
        ],
        Harmless::Nothing,
        "is not supported: the models always prepare prompts in their own way, so leave it out",
    ),
    refuse(
        &[
            "imageUrl",
            "imageUri",
            "imageUrls",
            "gcsUri",
            "imageGcsUri",
            "firstFrameUrl",
            "firstFrameImageUrl",
            "startFrameUrl",
            "startImageUrl",
            "lastFrameUrl",
            "lastFrameImageUrl",
            "lastImageUrl",
            "endFrameUrl",
            "endImageUrl",
            "tailImageUrl",
            "inputReferenceUrl",
            "referenceImageUrl",
            "referenceImageUrls",
        ],
        Harmless::Nothing,
        "is not supported, because Reelay fetches no URLs: send the file itself in image, lastFrame or referenceImages as \
         {\"mimeType\", \"data\": base64}",
    ),
    refuse(
        &[
            "video",
            "videoUrl",
            "videoUri",
            "videoGcsUri",
            "inputVideo",
            "sourceVideo",
            "referenceVideos",
            "videoUrls",
        ],
        Harmless::Nothing,
        "is not supported by any model: send text and images instead",
    ),
    refuse(
        &["mask", "maskUrl", "maskImage"],
        Harmless::Nothing,
        "is not supported by any model: send text and images instead",
    ),
    refuse(
        &[
            "storageUri",
            "outputGcsUri",
            "outputStorageUri",
            "outputUri",
        ],
        Harmless::Nothing,
        "is set by the operator (VERTEX_OUTPUT): leave it out and fetch the video from result.videoUrl",
    ),
    refuse(
        &[
            "pubsubTopic",
            "webhook",
            "webhookUrl",
            "webhookConfig",
            "callbackUrl",
            "callBackUrl",
            "notifyUrl",
            "notifyHook",
        ],
        Harmless::Nothing,
        "is set by the operator for all orders: leave it out and receive the worker's webhooks",
    ),
    refuse(
        &["compressionQuality"],
        Harmless::Nothing,
        "is not supported: leave it out",
    ),
    refuse(
        &["resizeMode"],
        Harmless::Nothing,
        "is not supported: crop or pad the image to the aspectRatio before you send it",
    ),
    refuse(
        &[
            "cfgScale",
            "guidanceScale",
            "numInferenceSteps",
            "scheduler",
            "temperature",
            "topP",
            "systemInstruction",
        ],
        Harmless::Nothing,
        "is not supported by any model: leave it out",
    ),
    refuse(
        &[
            "cameraControl",
            "cameraMotion",
            "cameraMovement",
            "cameraFixed",
        ],
        Harmless::False,
        "is not supported: describe the camera in the prompt instead",
    ),
    refuse(
        &["loop"],
        Harmless::False,
        "is not supported: send the same picture as image and lastFrame instead",
    ),
    refuse(
        &["watermark", "addWatermark"],
        Harmless::False,
        "is not supported: no model adds a visible watermark, so leave it out",
    ),
    refuse(
        &["keyframes", "frameImages"],
        Harmless::Nothing,
        "is not supported: send image and lastFrame instead",
    ),
    refuse(
        &["width", "height"],
        Harmless::Nothing,
        "is not supported: send size, such as \"1280x720\", instead",
    ),
    refuse(
        &["task", "previousInteractionId", "extendFrom", "remixId"],
        Harmless::Nothing,
        "is not supported: videos cannot be edited or extended, so order a new one",
    ),
    refuse(
        &["labels"],
        Harmless::Nothing,
        "is not supported: send metadata instead, which is echoed back",
    ),
    refuse(
        &[
            "safetySettings",
            "safetyFilterLevel",
            "safetyTolerance",
            "enableSafetyChecker",
        ],
        Harmless::Nothing,
        "is not supported: the video service applies its own filter, so leave it out",
    ),
    refuse(
        &["audioUrl", "audioUri", "audioPrompt"],
        Harmless::Nothing,
        "is not supported: describe the sound in the prompt instead",
    ),
    refuse(
        &["referenceType"],
        Harmless::Nothing,
        "belongs inside an entry of referenceImages",
    ),
];
