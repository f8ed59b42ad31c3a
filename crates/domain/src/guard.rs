//! The guard's ruling: from an assessment, the operator's policy and the standing rules to what
//! happens next.

use crate::action::Action;
use crate::approvals::Rule;
use crate::assessment::Assessment;
use crate::permit::{Basis, UncommittedPermit};
use crate::verdict::{Severity, Verdict};

/// `approvals.mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Every `ask` is put to a person.
    #[default]
    Manual,
    /// `ask` is treated as `allow`, and recorded as such. `forbid` stands.
    Off,
}

/// What the operator's own `approvals.deny`, `.ask` and `.allow` say of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OperatorRule {
    /// Nothing matches.
    #[default]
    None,
    /// `approvals.deny`: never runs.
    Deny,
    /// `approvals.ask`: a person decides.
    Ask,
    /// `approvals.allow`: runs unless a finding is critical.
    Allow,
}

/// What happens to an action now.
#[derive(Debug)]
pub enum Ruling<'r> {
    /// It runs on the guard's own word, once this is committed.
    Run(UncommittedPermit),
    /// A rule covers it: it runs on a grant that is issued for it.
    Covered(&'r Rule),
    /// A person is asked.
    Ask,
    /// It never runs.
    Forbid,
}

/// The verdict after the operator's own rules: `deny` beats `ask` beats `allow`, and `allow` never
/// silences a critical finding or a `forbid`.
pub fn with_operator_rule(assessment: Assessment, rule: OperatorRule) -> Assessment {
    let found = assessment.verdict();
    let verdict = match rule {
        OperatorRule::Deny => Verdict::Forbid,
        OperatorRule::Ask => found.max(Verdict::Ask),
        OperatorRule::Allow
            if found == Verdict::Ask && assessment.severity() != Some(Severity::Critical) =>
        {
            Verdict::Allow
        }
        OperatorRule::Allow | OperatorRule::None => found,
    };
    assessment.with_verdict(verdict)
}

/// What happens to `action`. `covering` is the standing rule that covers it, if one does.
pub fn rule_on<'r>(
    action: &Action,
    assessment: &Assessment,
    mode: Mode,
    covering: Option<&'r Rule>,
) -> Ruling<'r> {
    let run = |basis| Ruling::Run(UncommittedPermit::by_guard(action.digest(), basis));
    match (assessment.verdict(), mode, covering) {
        (Verdict::Forbid, Mode::Manual | Mode::Off, _) => Ruling::Forbid,
        (Verdict::Allow, Mode::Manual | Mode::Off, _) => run(Basis::Allowed),
        (Verdict::Ask, Mode::Manual | Mode::Off, Some(rule)) => Ruling::Covered(rule),
        (Verdict::Ask, Mode::Off, None) => run(Basis::ApprovalsOff),
        (Verdict::Ask, Mode::Manual, None) => Ruling::Ask,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assessment::{Finding, FindingId, Span};

    fn assessment(verdict: Verdict, severity: Severity) -> Assessment {
        Assessment::from_findings(vec![Finding {
            id: FindingId::from_static("fs.test"),
            severity,
            verdict,
            span: Span::whole(2),
            message: "a test".to_owned(),
        }])
    }

    #[test]
    fn forbid_stands_in_every_mode() {
        let action = Action::FileRead { path: "/x".to_owned() };
        for mode in [Mode::Manual, Mode::Off] {
            let forbidden = assessment(Verdict::Forbid, Severity::Critical);
            assert!(matches!(rule_on(&action, &forbidden, mode, None), Ruling::Forbid));
        }
    }

    #[test]
    fn an_operator_cannot_allow_what_is_critical_or_forbidden() {
        for (verdict, severity) in [
            (Verdict::Ask, Severity::Critical),
            (Verdict::Forbid, Severity::Low),
            (Verdict::Forbid, Severity::Critical),
        ] {
            let found = assessment(verdict, severity);
            assert_eq!(with_operator_rule(found, OperatorRule::Allow).verdict(), verdict);
        }
        let mild = assessment(Verdict::Ask, Severity::High);
        assert_eq!(with_operator_rule(mild, OperatorRule::Allow).verdict(), Verdict::Allow);
    }

    #[test]
    fn an_operator_can_always_be_stricter() {
        assert_eq!(
            with_operator_rule(Assessment::allow(), OperatorRule::Ask).verdict(),
            Verdict::Ask
        );
        assert_eq!(
            with_operator_rule(Assessment::allow(), OperatorRule::Deny).verdict(),
            Verdict::Forbid
        );
    }
}
