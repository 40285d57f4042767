//! `hierarchy`: the members of each group, as a code list knows them, add up to the group's own figure.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::{Key, Selector};
use crate::diagnostics::At;

/// The members of each group, as a code list knows them, add up to the group's own figure.
///
/// The parent of each code of `codes` is its group: the list decides who belongs to whom, not the order of a table. Members
/// are read with their aliases. `category` is always one of the keys `by` and `match`.
///
/// ## Missing figures
///
/// A group of which a member is not printed is added up without it, and `evidence` names it. `not_evaluated`, each in a row of
/// its own, are a printed member that is no code or has no parent, a group without a printed member, and members whose group
/// is not printed.
///
/// ## In the log
///
/// Category `Total mismatch`, dimension `consistency`:
///
/// > sum of 2 members 9 (4 + 5) against 8 stated; unexplained: nothing that was tried fits. Every room is on one floor.
///
/// ## A group that disagrees
///
/// Look first at the members that `evidence` calls not printed. Groups that no list knows, but a column of the publication
/// does, are [`sums_to`](sums_to.md).
///
/// ## Example
///
/// `rules/totals/visits.yaml`:
///
/// ```yaml
/// version: 1
/// statements:
///   - id: published.rooms.floors
///     check:
///       hierarchy:
///         members: { table: rooms, measure: count }
///         groups: { table: floors, measure: count }
///         codes: rooms
///         by: [period]
///     severity: error
///     why: Every room is on one floor.
/// ```
///
/// `rules/reference/rooms.csv`:
///
/// ```csv
/// code,label,parent,sort,missing,valid_from,valid_to
/// Green,Green room,Ground floor,1,,,
/// Blue,Blue room,Ground floor,2,,,
/// Attic,Attic,Top floor,3,,,
/// ```
///
/// `published/figures.csv`:
///
/// ```csv
/// section,table,origin,period,population,category,measure,value,printed,line
/// 2,rooms,body,2017,all,Green,count,4,4,11
/// 2,rooms,body,2017,all,Blue,count,5,5,12
/// 2,rooms,body,2017,all,Attic,count,2,2,13
/// 5,floors,body,2017,all,Ground floor,count,8,8,40
/// 5,floors,body,2017,all,Top floor,count,2,2,41
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hierarchy {
    /// The figures of the members.
    pub members: At<Selector>,
    /// The figures of the groups.
    pub groups: At<Selector>,
    /// The code list of the members; the parent of each code is its group.
    pub codes: At<String>,
    /// The keys that make a group; `category` is always one of them.
    #[serde(default)]
    #[schemars(with = "Vec<Key>")]
    pub by: Vec<At<String>>,
    /// The keys on which a group's figure belongs to its members (default: `by`); `category` is always one of them.
    #[serde(default, rename = "match")]
    #[schemars(with = "Option<Vec<Key>>")]
    pub matched: Option<Vec<At<String>>>,
}

impl Hierarchy {
    /// The members' selector: codes of the list, each under its group.
    pub fn members_by_group(&self) -> Selector {
        let mut members = self.members.value.clone();
        members.codes = Some(self.codes.clone());
        members.group_by_parent = Some(At {
            value: true,
            span: self.codes.span.clone(),
        });
        members
    }
}
