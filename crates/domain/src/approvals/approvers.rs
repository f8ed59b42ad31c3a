//! Who may decide an approval. One function answers for every surface.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Approval, Choice, RequesterMay};
use crate::identity::Principal;
use crate::time::Timestamp;

/// One entry of `approvals.approvers`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApproverRule {
    /// Whoever asked.
    Requester,
    /// Whoever the surface says administers the gateway there.
    Admins,
    /// One principal.
    Principal(Principal),
}

/// Who may decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approvers {
    rules: Vec<ApproverRule>,
    separation: SeparationOfDuties,
    delegations: Vec<Delegation>,
}

/// `approvals.separation_of_duties`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SeparationOfDuties {
    /// Whoever asked may approve, if they are an approver.
    #[default]
    Off,
    /// Whoever asked may deny but not approve, nor may somebody approve in their name.
    On,
}

/// One entry of `approvals.delegates`: somebody votes in another's name for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Who votes.
    pub delegate: Principal,
    /// In whose name: somebody who may decide.
    pub principal: Principal,
    /// From this instant on no more.
    pub until: Timestamp,
}

/// What the surface has proved about the person who tries to decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// Administers the gateway: the operator, or a key with `approvals:decide`.
    Admin,
    /// May talk to the agent.
    Member,
}

/// Somebody tries to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Who, as the transport authenticated them.
    pub by: Principal,
    /// With which rights there.
    pub rights: Rights,
    /// What they answered.
    pub choice: Choice,
}

/// Why somebody may not decide.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnApprover {
    /// Nothing makes them an approver.
    #[error("{who} is not an approver: `approvals.approvers` is {policy}")]
    NotListed {
        /// Who tried.
        who: Principal,
        /// The policy that says so.
        policy: String,
    },
    /// It is their own request, or they would act for whoever made it.
    #[error(
        "{who} may deny but not approve this: `approvals.separation_of_duties` is on and \
         {requester} asked for it"
    )]
    OwnRequest {
        /// Who tried.
        who: Principal,
        /// Who asked for it.
        requester: Principal,
    },
    /// Whoever asked has named others.
    #[error(
        "{who} may deny but not approve this: it names its approvers, and they are not among them"
    )]
    NotAsked {
        /// Who tried.
        who: Principal,
    },
    /// They could once, in another's name.
    #[error("{who} voted for {principal} by a delegation that ended at {until}")]
    DelegationExpired {
        /// Who tried.
        who: Principal,
        /// In whose name.
        principal: Principal,
        /// When it ended.
        until: Timestamp,
    },
}

impl Default for Approvers {
    fn default() -> Self {
        Self::new(vec![ApproverRule::Requester, ApproverRule::Admins])
    }
}

impl Approvers {
    /// Exactly these, in their own name, also about their own requests.
    pub const fn new(rules: Vec<ApproverRule>) -> Self {
        Self { rules, separation: SeparationOfDuties::Off, delegations: Vec::new() }
    }

    /// The same, under this separation of duties.
    #[must_use]
    pub fn separated(self, separation: SeparationOfDuties) -> Self {
        Self { separation, ..self }
    }

    /// The same, with these delegations.
    #[must_use]
    pub fn delegating(self, delegations: Vec<Delegation>) -> Self {
        Self { delegations, ..self }
    }

    /// Whether `attempt` may decide `approval` at `now`, and whose vote it is: the person's own,
    /// or that of somebody who delegated it to them.
    pub fn authorize(
        &self,
        approval: &Approval,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Principal, NotAnApprover> {
        let voted = |seat: &Principal| approval.votes.iter().any(|vote| vote.seat == *seat);
        let seat = self.authorize_for(&approval.requester.principal, &voted, attempt, now)?;
        let named = approval.foreign.iter().flat_map(|foreign| &foreign.approvers);
        let mut named = named.peekable();
        let asked = named.peek().is_none() || named.any(|name| *name == seat);
        if asked || !attempt.choice.approves() {
            return Ok(seat);
        }
        Err(NotAnApprover::NotAsked { who: attempt.by.clone() })
    }

    /// Whether `attempt` may decide at `now` what `requester` would gain by: no approval, but as
    /// much as one.
    pub fn authorize_change(
        &self,
        requester: &Principal,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Principal, NotAnApprover> {
        self.authorize_for(requester, &|_| false, attempt, now)
    }

    fn authorize_for(
        &self,
        requester: &Principal,
        voted: &dyn Fn(&Principal) -> bool,
        attempt: &Attempt,
        now: Timestamp,
    ) -> Result<Principal, NotAnApprover> {
        let separated = self.separation == SeparationOfDuties::On;
        let approves = attempt.choice.approves();
        if separated && attempt.by == *requester {
            return if approves {
                Err(own_request(attempt, requester))
            } else {
                Ok(attempt.by.clone())
            };
        }
        if self.is_approver(&attempt.by, attempt.rights, requester) {
            return Ok(attempt.by.clone());
        }
        let held = || self.delegations.iter().filter(|it| it.delegate == attempt.by);
        let good = |it: &&Delegation| {
            self.is_approver(&it.principal, rights_of_absent(&it.principal), requester)
        };
        // A seat that nobody has voted on yet comes first, so that one person's several
        // delegations do not stand in each other's way.
        let mut living: Vec<_> = held().filter(good).filter(|it| now < it.until).collect();
        living.sort_by_key(|it| voted(&it.principal));
        let for_requester = |it: &&&Delegation| separated && approves && it.principal == *requester;
        if let Some(delegation) = living.iter().find(|it| !for_requester(it)) {
            return Ok(delegation.principal.clone());
        }
        if !living.is_empty() {
            return Err(own_request(attempt, requester));
        }
        Err(match held().filter(good).max_by_key(|it| it.until) {
            Some(ended) => NotAnApprover::DelegationExpired {
                who: attempt.by.clone(),
                principal: ended.principal.clone(),
                until: ended.until,
            },
            None => NotAnApprover::NotListed { who: attempt.by.clone(), policy: self.to_string() },
        })
    }

    /// Whether whoever asks could approve their own request. The rights that they have where they
    /// ask are not known here, so an administrator counts only if it is the operator.
    pub fn requester_may(&self, requester: &Principal) -> RequesterMay {
        let may = self.separation == SeparationOfDuties::Off
            && self.is_approver(requester, rights_of_absent(requester), requester);
        if may { RequesterMay::Approve } else { RequesterMay::NotApprove }
    }

    /// Whether somebody with these rights could approve what they ask for themselves.
    pub fn may_approve_own(&self, who: &Principal, rights: Rights) -> bool {
        self.separation == SeparationOfDuties::Off && self.is_approver(who, rights, who)
    }

    /// How many people could ever approve, if the list names each of them.
    pub fn named(&self) -> Option<usize> {
        let names = self.rules.iter().map(|rule| match rule {
            ApproverRule::Principal(principal) => Some(principal),
            ApproverRule::Requester | ApproverRule::Admins => None,
        });
        names.collect::<Option<BTreeSet<_>>>().map(|names| names.len())
    }

    fn is_approver(&self, who: &Principal, rights: Rights, requester: &Principal) -> bool {
        self.rules.iter().any(|rule| match rule {
            ApproverRule::Requester => requester == who,
            ApproverRule::Admins => rights == Rights::Admin,
            ApproverRule::Principal(principal) => principal == who,
        })
    }
}

/// What is known of somebody who is not there to prove anything: the operator is an administrator
/// everywhere, of others it is not known.
fn rights_of_absent(principal: &Principal) -> Rights {
    if *principal == Principal::Operator { Rights::Admin } else { Rights::Member }
}

fn own_request(attempt: &Attempt, requester: &Principal) -> NotAnApprover {
    NotAnApprover::OwnRequest { who: attempt.by.clone(), requester: requester.clone() }
}

impl std::str::FromStr for ApproverRule {
    type Err = crate::identity::InvalidPrincipal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "requester" => Ok(Self::Requester),
            "admins" => Ok(Self::Admins),
            other => other.parse().map(Self::Principal),
        }
    }
}

impl std::fmt::Display for Approvers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[")?;
        for (n, rule) in self.rules.iter().enumerate() {
            if n > 0 {
                f.write_str(", ")?;
            }
            match rule {
                ApproverRule::Requester => f.write_str("requester")?,
                ApproverRule::Admins => f.write_str("admins")?,
                ApproverRule::Principal(principal) => write!(f, "{principal}")?,
            }
        }
        f.write_str("]")
    }
}
