//! The images of an order (I15): there as long as an attempt may need them, and gone when none can.

use crate::witness::Invariant;
use crate::world::World;
use reelay::machine::job::{End, InputImage, Job, Phase};

/// Bytes of each image.
pub(crate) const IMAGE: u64 = 7_000;

impl World {
    /// The accepting request has put the images into R2 before the job is made.
    pub(crate) fn put_images(&mut self, images: &[InputImage]) {
        for image in images {
            self.bucket.objects.insert(image.key.clone(), IMAGE);
        }
    }

    /// The request deletes its images again if no job needs them.
    pub(crate) fn take_images_away(&mut self, images: &[InputImage]) {
        for image in images {
            self.bucket.objects.remove(&image.key);
        }
    }

    /// Checked at each write, and when a submit leaves.
    pub(crate) fn check_images(&mut self, number: usize, job: &Job) {
        let completed = matches!(
            job.phase,
            Phase::Ended {
                end: End::Completed { .. }
            }
        );
        let ended = job.status().is_terminal();
        if completed
            || (ended && job.images_deleted_at.is_some())
            || self.witness.is_without_images(number)
        {
            return;
        }
        let missing = job
            .order
            .images
            .iter()
            .find(|image| !self.bucket.objects.contains_key(&image.key));
        if let Some(image) = missing {
            let message = format!(
                "job {number} is {} and may need {}",
                job.phase_name(),
                image.key
            );
            self.violated(Invariant::I15, message);
        }
    }

    /// Checked when nothing is left to do, and when the job is forgotten.
    pub(crate) fn check_images_gone(&mut self, number: usize, job: &Job, forgotten: bool) {
        let completed = matches!(
            job.phase,
            Phase::Ended {
                end: End::Completed { .. }
            }
        );
        if !completed && !forgotten {
            return;
        }
        let left = job
            .order
            .images
            .iter()
            .find(|image| self.bucket.objects.contains_key(&image.key));
        if let Some(image) = left {
            self.violated(
                Invariant::I15,
                format!("job {number} did not delete {}", image.key),
            );
        } else if !job.order.images.is_empty() {
            self.tally.mark(
                "images",
                if completed {
                    "deleted when completed"
                } else {
                    "deleted when forgotten"
                },
            );
        }
    }
}
