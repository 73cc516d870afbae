"""The img2brain layout: images and one matrix of voxels."""
