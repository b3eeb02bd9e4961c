import "./contacts-screen.css";
import { useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import type { Sid } from "../api/types.ts";
import { to } from "../navigation/routes.ts";
import { usePermission } from "../person/current.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { classNames } from "../ui/class-names.ts";
import { Icon } from "../ui/icon.tsx";
import { Menu } from "../ui/menu.tsx";
import { EmptyState } from "../ui/states.tsx";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { ContactCard } from "./contact-card.tsx";
import { ContactDialog } from "./contact-dialog.tsx";
import { ContactList } from "./contact-list.tsx";
import { downloadContacts } from "./csv-files.ts";
import { importUnderWay } from "./import-under-way.ts";

/** The people behind the numbers: the list, and beside it one of them. */
export default function ContactsScreen({ selected }: { selected: Sid | null }) {
  const mayManage = usePermission("manageContacts");
  return (
    <main class={classNames("contacts-screen", selected !== null && "contacts-screen-one")}>
      <section class="contacts-screen-list" aria-label={words.contacts.title}>
        <header class="contacts-header">
          <h1>{words.contacts.title}</h1>
          {mayManage && <Actions />}
        </header>
        {mayManage && <ImportNotice />}
        <ContactList selected={selected} />
      </section>
      <div class="contacts-screen-main">
        {selected ? (
          <ContactCard key={selected} contact={selected} />
        ) : (
          <div class="contacts-screen-nobody">
            <EmptyState icon="contacts" title={words.contacts.choose} text={words.contacts.chooseText} />
          </div>
        )}
      </div>
    </main>
  );
}

function Actions() {
  const say = words.contacts;
  const [, navigate] = useLocation();
  const [isCreating, setCreating] = useState(false);
  const download = () => void downloadContacts().catch(() => showToast(words.contactImport.downloadFailed));
  return (
    <span class="contacts-actions">
      <Menu
        align="end"
        trigger={(properties) => <IconButton {...properties} icon="more" label={say.more} />}
        items={[
          { label: say.import, icon: "upload", onSelect: () => navigate(to.contactImport()) },
          { label: say.export, icon: "download", onSelect: download },
        ]}
      />
      <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
        {say.new}
      </Button>
      {isCreating && (
        <ContactDialog
          onClose={() => setCreating(false)}
          onSaved={(sid) => {
            setCreating(false);
            navigate(to.contact(sid));
          }}
        />
      )}
    </span>
  );
}

/** The way back to an import that was left before its end. */
function ImportNotice() {
  const sid = importUnderWay();
  if (!sid) return null;
  return (
    <Link class="contacts-import" href={to.contactImport(sid)}>
      <Icon name="upload" />
      {words.contacts.importRunning}
    </Link>
  );
}
