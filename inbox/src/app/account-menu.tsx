import "./account-menu.css";
import { useLocation } from "wouter-preact";
import { to } from "../navigation/routes.ts";
import { nameOfUser, useSession } from "../person/current.ts";
import { leave } from "../person/leave.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Menu } from "../ui/menu.tsx";
import { words } from "../words/words.ts";

/** The signed-in person, with the way to the settings and out. */
export function AccountMenu() {
  const { user, role } = useSession();
  const [, navigate] = useLocation();
  const name = nameOfUser(user);

  return (
    <Menu
      trigger={({ buttonRef, ...properties }) => (
        <button {...properties} ref={buttonRef} type="button" class="account" aria-label={words.app.account(name)}>
          <Avatar name={name} size="s" />
        </button>
      )}
      items={[
        {
          label: name,
          hint: role?.friendly_name ?? "",
          icon: "settings",
          onSelect: () => navigate(to.settings()),
        },
        { label: words.app.signOut, icon: "sign-out", onSelect: () => void leave() },
      ]}
    />
  );
}
