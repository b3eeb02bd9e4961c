import { useQueryClient } from "@tanstack/preact-query";
import { changeServiceSettings, useServiceSettings } from "../api/administration.ts";
import { keys } from "../api/keys.ts";
import type { Query } from "../api/pages.ts";
import type { ServiceSettings } from "../api/types.ts";
import { useSession } from "../person/current.ts";
import { Switch } from "../ui/field.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { showToast } from "../ui/toasts.tsx";
import { messageOf } from "../ui/use-action.ts";
import { settingsWords } from "../words/settings-words.ts";
import { words } from "../words/words.ts";
import { Section } from "./section.tsx";

const say = settingsWords.workspace;

/** How conversations work for everybody. Each switch takes effect at once, and goes back when it is refused. */
export function WorkspaceSection() {
  const { service_sid: service } = useSession();
  const client = useQueryClient();
  const { data: settings, isError, refetch } = useServiceSettings(service);

  async function change(shown: Partial<ServiceSettings>, form: Query) {
    const key = keys.serviceSettings();
    const before = client.getQueryData<ServiceSettings>(key);
    if (before) client.setQueryData<ServiceSettings>(key, { ...before, ...shown });
    try {
      client.setQueryData(key, await changeServiceSettings(service, form));
    } catch (error) {
      client.setQueryData(key, before);
      showToast(messageOf(error) ?? words.app.failed);
    }
  }

  return (
    <Section name="workspace" text={say.text}>
      {settings ? (
        <div class="settings-card">
          <Switch
            label={say.lockGroups}
            hint={say.lockGroupsHint}
            isOn={settings.lock_groups}
            onChange={(isOn) => void change({ lock_groups: isOn }, { LockGroups: isOn })}
          />
          <Switch
            label={say.textSearch}
            hint={say.textSearchHint}
            isOn={settings.text_search === "on"}
            onChange={(isOn) => {
              const state = isOn ? "on" : "off";
              void change({ text_search: state }, { TextSearch: state });
            }}
          />
        </div>
      ) : isError ? (
        <ErrorState title={settingsWords.failed} onRetry={() => void refetch()} />
      ) : (
        <SkeletonRows count={2} />
      )}
    </Section>
  );
}
