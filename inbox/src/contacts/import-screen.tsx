import "./import-screen.css";
import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useRef, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { rest } from "../api/client.ts";
import { keys } from "../api/keys.ts";
import { readPage } from "../api/pages.ts";
import type { ContactImport, RejectedRow, Sid } from "../api/types.ts";
import { to } from "../app/routes.ts";
import { formatBytes } from "../format/bytes.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { EmptyState, SkeletonRows } from "../ui/states.tsx";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { downloadRejected } from "./rejected-rows.ts";

const LARGEST_FILE = 4_000_000;
const POLL = 1_000;
const SHOWN_ROWS = 50;

/** Import contacts from a CSV file: a dry run, its result, and the run that makes contacts. */
export default function ImportScreen({ sid }: { sid: Sid | null }) {
  return (
    <main class="import">
      <header class="import-header">
        <Link href={to.contacts()} class="icon-button" aria-label={words.app.back} title={words.app.back}>
          <Icon name="back" />
        </Link>
        <h1>{words.contactImport.title}</h1>
      </header>
      {sid ? <Progress key={sid} sid={sid} /> : <FileChooser />}
    </main>
  );
}

function FileChooser() {
  const say = words.contactImport;
  const [, navigate] = useLocation();
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function begin(file: File | undefined) {
    if (!file) return;
    if (file.size > LARGEST_FILE) {
      setProblem(say.tooLarge(formatBytes(file.size)));
      return;
    }
    setBusy(true);
    setProblem(null);
    try {
      const path = "/v1/Contacts/Imports";
      const made: ContactImport = await rest.request({ method: "POST", path, body: file, contentType: "text/csv" });
      navigate(to.contactImport(made.sid));
    } catch (error) {
      setProblem(error instanceof Error ? error.message : words.app.failed);
      setBusy(false);
    }
  }

  return (
    <>
      <p>{say.intro}</p>
      <p class="import-columns">{say.columns}</p>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the button inside does the same for a keyboard */}
      <div
        class="import-drop"
        data-over={isOver}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void begin(event.dataTransfer?.files[0]);
        }}
      >
        <Icon name="upload" />
        <p>{say.drop}</p>
        <Button isBusy={isBusy} onClick={() => input.current?.click()}>
          {say.choose}
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          accept=".csv,text/csv"
          onChange={(event) => void begin(event.currentTarget.files?.[0])}
        />
      </div>
      {problem && (
        <p class="field-error" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

function Progress({ sid }: { sid: Sid }) {
  const say = words.contactImport;
  const client = useQueryClient();
  const [isStarting, setStarting] = useState(false);
  const queryKey = ["contact-import", sid];
  const path = `/v1/Contacts/Imports/${sid}`;
  const query = useQuery({
    queryKey,
    queryFn: () => rest.request({ method: "GET", path }) as Promise<ContactImport>,
    refetchInterval: ({ state }) => (state.data && isRunning(state.data) ? POLL : false),
  });
  const found = query.data;

  async function start() {
    setStarting(true);
    try {
      const started: ContactImport = await rest.request({ method: "POST", path, form: { DryRun: false } });
      client.setQueryData(queryKey, started);
    } catch (error) {
      showToast(error instanceof Error ? error.message : words.app.failed);
    }
    setStarting(false);
    await client.invalidateQueries({ queryKey: keys.contactLists() });
  }

  if (query.isError && !found) {
    return <EmptyState icon="upload" title={words.app.notFound} text={words.app.notFoundText} />;
  }
  if (!found) return <SkeletonRows count={3} />;
  return (
    <>
      <p class="import-state" role="status">
        {stateText(found)}
      </p>
      <progress class="import-progress" max={Math.max(found.rows, 1)} value={found.read} aria-label={say.progress} />
      <dl class="import-counts">
        <Count label={say.rows} value={found.rows} />
        <Count label={found.dry_run ? say.willCreate : say.created} value={found.accepted} />
        <Count label={say.rejected} value={found.rejected} />
      </dl>
      {!isRunning(found) && found.rejected > 0 && <RejectedRows found={found} />}
      <div class="import-actions">
        {found.dry_run && found.state === "completed" && found.accepted > 0 && (
          <Button kind="primary" isBusy={isStarting} onClick={() => void start()}>
            {say.start(found.accepted)}
          </Button>
        )}
        {!isRunning(found) && (
          <Link class="button button-secondary import-again" href={to.contactImport()}>
            {say.another}
          </Link>
        )}
      </div>
    </>
  );
}

function RejectedRows({ found }: { found: ContactImport }) {
  const say = words.contactImport;
  const { data } = useQuery({
    queryKey: ["contact-import", found.sid, "errors", found.dry_run],
    queryFn: ({ signal }) =>
      readPage<RejectedRow>(`/v1/Contacts/Imports/${found.sid}/Errors`, { PageSize: SHOWN_ROWS }, signal),
  });
  return (
    <section aria-label={say.rejected}>
      <div class="import-rejected-head">
        <h2>{say.rejected}</h2>
        <Button icon="download" onClick={() => void downloadRejected(found.sid)}>
          {say.download}
        </Button>
      </div>
      <table class="import-rows">
        <thead>
          <tr>
            <th scope="col">{say.row}</th>
            <th scope="col">{say.content}</th>
            <th scope="col">{say.problem}</th>
          </tr>
        </thead>
        <tbody>
          {data?.entries.map(({ row, cells, problem }) => (
            <tr key={row}>
              <td class="tabular">{row}</td>
              <td class="truncate">{cells.join(", ")}</td>
              <td>{problem}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {data?.next && <p class="import-more">{say.more(SHOWN_ROWS)}</p>}
    </section>
  );
}

function Count({ label, value }: { label: string; value: number }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd class="tabular">{value.toLocaleString()}</dd>
    </div>
  );
}

function isRunning({ state }: ContactImport): boolean {
  return state === "queued" || state === "running";
}

function stateText(found: ContactImport): string {
  const say = words.contactImport;
  if (found.state === "failed") return say.failed;
  if (isRunning(found)) return found.dry_run ? say.checking : say.importing;
  return found.dry_run ? say.checked : say.done;
}
