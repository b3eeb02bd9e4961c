import "./import-screen.css";
import { useQuery, useQueryClient } from "@tanstack/preact-query";
import { useEffect, useRef, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import { ApiError } from "../../../clients/javascript/rest.js";
import { rest } from "../api/client.ts";
import { isNotFound } from "../api/errors.ts";
import { keys } from "../api/keys.ts";
import { readPage } from "../api/pages.ts";
import type { ContactImport, RejectedRow, Sid } from "../api/types.ts";
import { formatBytes } from "../format/bytes.ts";
import { formatPhone } from "../format/phone.ts";
import { to } from "../navigation/routes.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { showToast } from "../ui/toasts.tsx";
import { words } from "../words/words.ts";
import { downloadRejected } from "./csv-files.ts";
import { describeRefusal, parseProblem, problemOfFile, type RowProblem } from "./import-file.ts";
import { importUnderWay, keepImport } from "./import-under-way.ts";

const POLL = 1_000;
const SHOWN_ROWS = 50;

/** Import contacts from a CSV file: a dry run, its result, and the run that makes contacts. */
export default function ImportScreen({ sid }: { sid: Sid | null }) {
  const underWay = importUnderWay();
  const [, navigate] = useLocation();
  const [isNew, setNew] = useState(false);

  useEffect(() => {
    // Whoever returns finds the import that was left.
    if (!sid && underWay && !isNew) navigate(to.contactImport(underWay), { replace: true });
  }, [sid, underWay, isNew, navigate]);

  return (
    <main class="import">
      <header class="import-header">
        <Link href={to.contacts()} class="icon-button" aria-label={words.app.back} title={words.app.back}>
          <Icon name="back" />
        </Link>
        <h1>{words.contactImport.title}</h1>
      </header>
      {sid ? (
        <Progress
          key={sid}
          sid={sid}
          onAnother={() => {
            setNew(true);
            keepImport(null);
            navigate(to.contactImport());
          }}
        />
      ) : (
        <FileChooser />
      )}
    </main>
  );
}

function FileChooser() {
  const say = words.contactImport;
  const [, navigate] = useLocation();
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const [sending, setSending] = useState<File | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  async function begin(file: File | undefined) {
    if (!file || sending) return;
    setSending(file);
    setProblem(null);
    try {
      const refusal = problemOfFile(new Uint8Array(await file.arrayBuffer()));
      if (refusal) throw new Error(refusal);
      const path = "/v1/Contacts/Imports";
      const made: ContactImport = await rest.request({ method: "POST", path, body: file, contentType: "text/csv" });
      keepImport(made.sid);
      navigate(to.contactImport(made.sid));
    } catch (error) {
      setProblem(error instanceof ApiError ? describeRefusal(error.message) : messageOf(error));
      setSending(null);
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
        <p role="status">{sending ? say.uploading(sending.name, formatBytes(sending.size)) : say.drop}</p>
        <Button isBusy={sending !== null} onClick={() => input.current?.click()}>
          {say.choose}
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          accept=".csv,text/csv"
          onChange={(event) => {
            const [file] = event.currentTarget.files ?? [];
            void begin(file);
            // The same file again, when it was mended, is a change again.
            event.currentTarget.value = "";
          }}
        />
      </div>
      <p class="field-error" role="alert" hidden={!problem}>
        {problem}
      </p>
    </>
  );
}

function Progress({ sid, onAnother }: { sid: Sid; onAnother: () => void }) {
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

  // It is seen to its end.
  const isOver = found && !isRunning(found) && !isStartable(found);
  const isGone = isNotFound(query.error);
  useEffect(() => {
    if ((isOver || isGone) && importUnderWay() === sid) keepImport(null);
  }, [isOver, isGone, sid]);
  useEffect(() => {
    if (found && !found.dry_run && !isRunning(found)) void client.invalidateQueries({ queryKey: keys.contactLists() });
  }, [found, client]);

  async function start() {
    setStarting(true);
    try {
      const started: ContactImport = await rest.request({ method: "POST", path, form: { DryRun: false } });
      keepImport(sid);
      client.setQueryData(queryKey, started);
    } catch (error) {
      showToast(messageOf(error));
      // Another tab may have started it.
      await query.refetch();
    }
    setStarting(false);
  }

  if (isGone) {
    return (
      <EmptyState icon="upload" title={say.notFound} text={say.notFoundText}>
        <Button onClick={onAnother}>{say.another}</Button>
      </EmptyState>
    );
  }
  if (query.isError && !found) return <ErrorState title={words.app.failed} onRetry={() => void query.refetch()} />;
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
        {isStartable(found) && (
          <Button kind="primary" isBusy={isStarting} onClick={() => void start()}>
            {say.start(found.accepted)}
          </Button>
        )}
        {!isRunning(found) && <Button onClick={onAnother}>{say.another}</Button>}
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
        <Button
          icon="download"
          onClick={() => void downloadRejected(found.sid).catch(() => showToast(say.downloadFailed))}
        >
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
              <td class="import-cells">{cells.filter((cell) => cell !== "").join(", ")}</td>
              <td>
                <RowProblemText problem={parseProblem(problem)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {data?.next && <p class="import-more">{say.more(SHOWN_ROWS)}</p>}
    </section>
  );
}

function RowProblemText({ problem }: { problem: RowProblem }) {
  const say = words.contactImport;
  switch (problem.kind) {
    case "taken":
      return <Link href={to.contact(problem.contact)}>{say.taken(formatPhone(problem.number))}</Link>;
    case "repeated":
      return <>{say.repeated(problem.row, formatPhone(problem.number))}</>;
    case "no-number":
      return <>{say.noNumber}</>;
    case "other":
      return <>{problem.text}</>;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : words.app.failed;
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

/** Whether its dry run has ended with something to create. */
function isStartable({ dry_run: isDry, state, accepted }: ContactImport): boolean {
  return isDry && state === "completed" && accepted > 0;
}

function stateText(found: ContactImport): string {
  const say = words.contactImport;
  if (found.state === "failed") return say.failed;
  if (isRunning(found)) return found.dry_run ? say.checking : say.importing;
  return found.dry_run ? say.checked : say.done;
}
