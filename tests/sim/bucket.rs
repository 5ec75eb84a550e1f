//! The fake R2 bucket: whole objects with sizes.

use crate::faults::Fault;
use crate::outside::{again, never};
use crate::world::World;
use reelay::machine::job::{IMAGES, Video};
use reelay::machine::outcome::{ErrorCode, Outcome, Trouble};
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// Sizes by key.
    pub(crate) objects: BTreeMap<String, u64>,
}

impl World {
    /// The client streams the upstream's file into the bucket and compares the received size with
    /// the announced one.
    pub(crate) fn stored(&mut self, job: usize, attempt: u32, uri: &str) -> Outcome<Video> {
        if self.fault(Fault::LinkExpired) {
            return never(ErrorCode::StorageFailed);
        }
        if self.fault(Fault::DownloadFails) {
            return again(ErrorCode::StorageFailed, None);
        }
        let announced = self
            .upstream
            .operations
            .get(uri)
            .map_or(0, |operation| operation.size);
        let arrived = if self.fault(Fault::DownloadTruncated) {
            announced / 2
        } else {
            announced
        };
        let key = self.jobs[job].key.video_key(attempt);
        self.bucket.objects.insert(key.clone(), arrived);
        if self.fault(Fault::PutLandsButErrs) {
            return Err(Trouble::Unknown);
        }
        Video {
            key,
            size: arrived,
            etag: format!("etag-{arrived}"),
            format: "mp4".to_owned(),
        }
        .verified(announced)
    }

    pub(crate) fn discarded(&mut self, job: usize, attempt: u32) -> Outcome<()> {
        if attempt == IMAGES {
            return self.discarded_images(job);
        }
        if self.fault(Fault::DeleteFails) {
            return Err(Trouble::Unknown);
        }
        self.bucket
            .objects
            .remove(&self.jobs[job].key.video_key(attempt));
        Ok(())
    }

    /// Deletes one image after the other until one deletion fails.
    fn discarded_images(&mut self, job: usize) -> Outcome<()> {
        let Some(stored) = self.jobs[job].job.clone() else {
            return Err(Trouble::Unknown);
        };
        for image in &stored.order.images {
            if self.fault(Fault::DeleteFails) {
                return Err(Trouble::Unknown);
            }
            self.bucket.objects.remove(&image.key);
        }
        Ok(())
    }
}
