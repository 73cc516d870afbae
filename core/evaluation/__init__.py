"""Scores on held-out images: how right, how right it could be, how sure, and what explains what."""

from cortiscope.core.evaluation.best_models import (
    MODELS_MAPS,
    PREFERRED_LAYER,
    BestSet,
    ModelsMap,
    best_set,
    best_set_of,
)
from cortiscope.core.evaluation.ceiling import (
    ceiling_without_signal,
    ncsnr_from_repeats,
    noise_ceiling,
)
from cortiscope.core.evaluation.challenge import (
    PUBLISHED,
    PublishedScore,
    ScoreSummary,
    challenge_scores,
    chance_scores,
    comparable_scores,
    corrected_r2,
    normalised_scores,
    summarize_scores,
)
from cortiscope.core.evaluation.comparison import (
    PAIRED,
    Comparison,
    compare_models,
    same_images,
)
from cortiscope.core.evaluation.correlation import pearson_r
from cortiscope.core.evaluation.decoded import Decoding
from cortiscope.core.evaluation.disagreement import Disagreement, disagreement
from cortiscope.core.evaluation.explained_variance import (
    R2,
    bootstrap_explained_variance,
    explained_variance,
)
from cortiscope.core.evaluation.layers import (
    Optimism,
    PreferredLayer,
    PreferredLayerReport,
    centre_of_mass_depth,
    preferred_layer,
    preferred_layer_report,
    relative_depths,
    selection_optimism,
)
from cortiscope.core.evaluation.learning_curve import (
    LearningCurve,
    learning_curve,
    training_sizes,
    training_subsets,
)
from cortiscope.core.evaluation.metrics import ARITIES, Metric, Scored, Value
from cortiscope.core.evaluation.one_picture import (
    Neighbour,
    Novelty,
    group_percentile,
    nearest_stimuli,
    novelty,
    novelty_of_looks,
    occlusion_drop,
    percentile_among,
    percentile_words,
)
from cortiscope.core.evaluation.partition import (
    Estimate,
    GroupPartition,
    Partition,
    PartitionReport,
    partition_fits,
    partition_report,
    partition_variance,
)
from cortiscope.core.evaluation.pattern_statistics import IDENTIFICATION, RSA
from cortiscope.core.evaluation.patterns import (
    Identification,
    bootstrap_rdms,
    chance,
    compare_rdms,
    compute_rdm,
    identify,
    map_images,
    pattern_correlations,
    rdm_noise_ceiling,
)
from cortiscope.core.evaluation.registry import (
    METRICS,
    further_metrics,
    further_scores,
    get_metric,
    is_built_in,
    register_built_in,
    register_metric,
    vertex_metrics,
)
from cortiscope.core.evaluation.report import (
    Evaluation,
    RoiScore,
    evaluate,
    evaluate_arrays,
)
from cortiscope.core.evaluation.report_metrics import CEILING, INTERVAL, NORMALISED, R
from cortiscope.core.evaluation.resampling import (
    LEAST_STIMULI,
    Jackknifed,
    bootstrap_r,
    image_counts,
    jackknife_mean_r,
    percentile_interval,
    percentile_intervals,
)
from cortiscope.core.evaluation.results import Computed, compute, results
from cortiscope.core.evaluation.roi_mean import RoiMeanScore, ceiling_of_roi_mean, roi_mean_score
from cortiscope.core.evaluation.significance import PermutationTest, permutation_test
from cortiscope.core.evaluation.statistics import (
    LEARNING_CURVE,
    PARTITION,
    PERMUTATION,
    ROI_MEAN,
)
from cortiscope.core.evaluation.subjects import (
    RANDOM_EFFECTS,
    GroupMap,
    PooledScore,
    SubjectsMean,
    group_map,
    mean_over_subjects,
    pool_vertices,
)
from cortiscope.core.evaluation.training_curves import TRAINING

# In the order of menus and lists.
register_built_in(R, NORMALISED, CEILING, R2)
register_built_in(ROI_MEAN, PERMUTATION, IDENTIFICATION, RSA, LEARNING_CURVE, TRAINING)
register_built_in(PARTITION, PAIRED, PREFERRED_LAYER, RANDOM_EFFECTS)

__all__ = [
    "BestSet",
    "MODELS_MAPS",
    "ModelsMap",
    "best_set",
    "best_set_of",
    "Neighbour",
    "group_percentile",
    "nearest_stimuli",
    "occlusion_drop",
    "percentile_among",
    "Comparison",
    "Computed",
    "GroupMap",
    "compute",
    "group_map",
    "Decoding",
    "Disagreement",
    "disagreement",
    "compare_models",
    "same_images",
    "ARITIES",
    "INTERVAL",
    "METRICS",
    "Metric",
    "Scored",
    "Value",
    "further_metrics",
    "further_scores",
    "get_metric",
    "is_built_in",
    "register_metric",
    "results",
    "vertex_metrics",
    "Estimate",
    "Evaluation",
    "GroupPartition",
    "LEAST_STIMULI",
    "Identification",
    "Jackknifed",
    "LearningCurve",
    "Novelty",
    "Optimism",
    "Partition",
    "PartitionReport",
    "PermutationTest",
    "PUBLISHED",
    "PooledScore",
    "PublishedScore",
    "PreferredLayer",
    "PreferredLayerReport",
    "RoiMeanScore",
    "RoiScore",
    "ScoreSummary",
    "SubjectsMean",
    "bootstrap_explained_variance",
    "bootstrap_r",
    "bootstrap_rdms",
    "ceiling_of_roi_mean",
    "ceiling_without_signal",
    "centre_of_mass_depth",
    "challenge_scores",
    "chance",
    "chance_scores",
    "comparable_scores",
    "compare_rdms",
    "compute_rdm",
    "corrected_r2",
    "evaluate",
    "evaluate_arrays",
    "explained_variance",
    "identify",
    "image_counts",
    "jackknife_mean_r",
    "learning_curve",
    "map_images",
    "mean_over_subjects",
    "ncsnr_from_repeats",
    "noise_ceiling",
    "normalised_scores",
    "novelty",
    "novelty_of_looks",
    "partition_fits",
    "partition_report",
    "partition_variance",
    "pattern_correlations",
    "pearson_r",
    "percentile_interval",
    "percentile_intervals",
    "percentile_words",
    "permutation_test",
    "pool_vertices",
    "preferred_layer",
    "preferred_layer_report",
    "rdm_noise_ceiling",
    "relative_depths",
    "roi_mean_score",
    "selection_optimism",
    "summarize_scores",
    "training_sizes",
    "training_subsets",
]
