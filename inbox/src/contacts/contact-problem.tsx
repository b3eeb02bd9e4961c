import { useQuery } from "@tanstack/preact-query";
import { Link } from "wouter-preact";
import type { ApiError } from "../../../clients/javascript/rest.js";
import { readPage } from "../api/pages.ts";
import { useContact } from "../api/queries.ts";
import { get } from "../api/reads.ts";
import type { Contact, ContactChange, Sid } from "../api/types.ts";
import { formatPhone, formatPhonesIn } from "../format/phone.ts";
import { to } from "../navigation/routes.ts";
import { useUserNames } from "../person/user-names.ts";
import { Button } from "../ui/button.tsx";
import { words } from "../words/words.ts";
import { actorName, describeChanges } from "./change-text.ts";
import { isNoNumber } from "./import-file.ts";

type Props = {
  error: ApiError;
  /** The contact as the person has seen it; none for a new one. */
  base: Contact | undefined;
  onTakeOver: (now: Contact) => void;
  /** The person goes elsewhere. */
  onLeave: () => void;
};

/** Why a contact was not saved, and what leads on. */
export function Problem({ error, base, onTakeOver, onLeave }: Props) {
  const { number, contact_sid: other, version } = error.details ?? {};
  if (base && typeof version === "number") {
    return <ChangedMeanwhile key={version} base={base} version={version} onTakeOver={onTakeOver} />;
  }
  if (typeof other === "string" && typeof number === "string") {
    return <Collision number={number} other={other} onLeave={onLeave} />;
  }
  return (
    <p class="field-error" role="alert">
      {textOf(error)}
    </p>
  );
}

function Collision({ number, other, onLeave }: { number: string; other: Sid; onLeave: () => void }) {
  const say = words.contacts;
  const name = useContact(other).data?.friendly_name;
  return (
    <p class="field-error" role="alert">
      {say.collision(formatPhone(number))}{" "}
      <Link href={to.contact(other)} onClick={onLeave}>
        {name ?? say.showCollision}
      </Link>
    </p>
  );
}

type ChangedProps = { base: Contact; version: number; onTakeOver: (now: Contact) => void };

/** Who changed what since the person has seen the contact. */
function ChangedMeanwhile({ base, version, onTakeOver }: ChangedProps) {
  const say = words.contacts;
  const nameOf = useUserNames();
  const { data } = useQuery({
    queryKey: ["contact-conflict", base.sid, version],
    queryFn: async ({ signal }) => {
      const path = `/v1/Contacts/${base.sid}`;
      const [now, history] = await Promise.all([
        get<Contact>(path, {}, signal),
        readPage<ContactChange>(`${path}/History`, { PageSize: 20 }, signal),
      ]);
      return { now, changes: history.entries.filter((change) => change.version > base.version) };
    },
    gcTime: 0,
  });
  if (!data) return <p aria-busy="true" class="contact-conflict" />;
  const last = data.changes[0];
  return (
    <div class="contact-conflict" role="alert">
      <p>{say.changedMeanwhile(last ? actorName(last.by, nameOf) : say.somebody)}</p>
      <ul>
        {data.changes.flatMap((change) =>
          describeChanges(change, nameOf).map((line) => <li key={`${change.version} ${line}`}>{line}</li>),
        )}
      </ul>
      <Button onClick={() => onTakeOver(data.now)}>{say.reload}</Button>
    </div>
  );
}

function textOf({ message, details }: ApiError): string {
  const text = `${message} ${details?.problem ?? ""} ${details?.reason ?? ""}`;
  return isNoNumber(text) ? words.contacts.noPhoneNumber : formatPhonesIn(message);
}
