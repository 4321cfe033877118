//! The 43 control-flow patterns of van der Aalst et al., one file each: a definition, a script of commands, what is expected
//! (docs/semantics, B). Every script runs in all three orders of firing.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../kernel/harness.rs"]
#[allow(dead_code)]
mod harness;
#[path = "../kernel/rows.rs"]
mod rows;
mod support;

mod wcp_01_sequence;
mod wcp_02_parallel_split;
mod wcp_03_synchronization;
mod wcp_04_exclusive_choice;
mod wcp_05_simple_merge;
mod wcp_06_multi_choice;
mod wcp_07_structured_synchronizing_merge;
mod wcp_08_multi_merge;
mod wcp_09_structured_discriminator;
mod wcp_10_arbitrary_cycles;
mod wcp_11_implicit_termination;
mod wcp_12_instances_without_synchronization;
mod wcp_13_instances_known_at_design_time;
mod wcp_14_instances_known_at_run_time;
mod wcp_15_instances_not_known_before;
mod wcp_16_deferred_choice;
mod wcp_17_interleaved_parallel_routing;
mod wcp_18_milestone;
mod wcp_19_cancel_task;
mod wcp_20_cancel_case;
mod wcp_21_structured_loop;
mod wcp_22_recursion;
mod wcp_23_transient_trigger;
mod wcp_24_persistent_trigger;
mod wcp_25_cancel_region;
mod wcp_26_cancel_instances;
mod wcp_27_complete_instances;
mod wcp_28_blocking_discriminator;
mod wcp_29_cancelling_discriminator;
mod wcp_30_structured_partial_join;
mod wcp_31_blocking_partial_join;
mod wcp_32_cancelling_partial_join;
mod wcp_33_generalised_and_join;
mod wcp_34_static_partial_join_for_instances;
mod wcp_35_cancelling_partial_join_for_instances;
mod wcp_36_dynamic_partial_join_for_instances;
mod wcp_37_local_synchronizing_merge;
mod wcp_38_general_synchronizing_merge;
mod wcp_39_critical_section;
mod wcp_40_interleaved_routing;
mod wcp_41_thread_merge;
mod wcp_42_thread_split;
mod wcp_43_explicit_termination;
