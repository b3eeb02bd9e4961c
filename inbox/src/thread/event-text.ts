/** What an event line of a thread says. Pure. */

import type { Activity } from "../api/types.ts";
import { formatPhone } from "../format/phone.ts";
import { words } from "../words/words.ts";
import type { People } from "./people.ts";

/** The sentence of an event. */
export function eventText(event: Activity, people: People): string {
  const { event: say } = words.thread;
  const by = event.by ? nameOf(event.by, people) : null;
  const member = event.address
    ? (people.names.get(event.address) ?? formatPhone(event.address))
    : event.identity
      ? nameOf(event.identity, people)
      : words.list.unknown;
  switch (event.kind) {
    case "assigned":
      if (event.after === null) return say.unassigned(by);
      return say.assigned(by, event.after === people.self ? words.thread.you : people.nameOfUser(event.after));
    case "state_changed":
      return stateText(event, by);
    case "participant_added":
      return say.added(by, member);
    case "participant_removed":
      return say.removed(by, member);
    case "opted_out":
      return say.optedOut(member);
    case "opted_in":
      return say.optedIn(member);
    case "do_not_disturb_set":
      return say.doNotDisturb(member);
    case "do_not_disturb_cleared":
      return say.disturb(member);
    default:
      return "";
  }
}

function stateText(event: Activity, by: string | null): string {
  const { event: say } = words.thread;
  if (event.after === "inactive") return say.done(by);
  if (event.after === "closed") return say.closed(by);
  return say.reopened(by);
}

function nameOf(identity: string, people: People): string {
  return identity === people.self ? words.list.you : people.nameOfUser(identity);
}
