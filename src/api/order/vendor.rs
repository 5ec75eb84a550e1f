//! Fields of the vendors' SDKs that no model here has: each is refused by name, with what to do
//! instead.

use crate::api::order::values::whole;
use serde_json::Value;

/// Some fields with one answer.
pub(crate) struct Vendor {
    pub(crate) names: &'static [&'static str],
    unless: Harmless,
    /// What is wrong with it, and what to do instead.
    pub(crate) detail: &'static str,
}

/// The value that asks for nothing but what happens anyway.
enum Harmless {
    Nothing,
    One,
    False,
}

impl Vendor {
    /// Whether a value asks for what happens anyway.
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

/// Names in camelCase; each stands for the same name in `snake_case` too.
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
        "must be 1 or left out: an order makes one video, so send an order for each, with its own generationId",
    ),
    refuse(
        &["fps", "frameRate", "framesPerSecond"],
        Harmless::Nothing,
        "is not supported: every model here has its own frame rate, so leave it out",
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
        "is not supported: the models here always prepare prompts in their own way, so leave it out",
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
        "is not supported, because no address is fetched: send the file itself in image, lastFrame or referenceImages as \
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
        "is not supported by any model here: send text and images instead",
    ),
    refuse(
        &["mask", "maskUrl", "maskImage"],
        Harmless::Nothing,
        "is not supported by any model here: send text and images instead",
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
        "is not supported by any model here: leave it out",
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
        "is not supported: no model here draws a visible watermark, so leave it out",
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
        "is not supported: no video can be edited or extended here, so order a new one",
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
