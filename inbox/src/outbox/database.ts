/**
 * What must survive a reload: messages on their way with their files, and drafts. One database for each person, named by
 * the SIDs of their Service and User.
 */

import { type DBSchema, deleteDB, type IDBPDatabase, openDB } from "idb";
import type { Draft } from "./drafts.ts";
import { isExpired, type StoredEntry } from "./entry.ts";

interface Schema extends DBSchema {
  entries: { key: string; value: StoredEntry };
  files: { key: string; value: Blob };
  drafts: { key: string; value: Draft };
}
const STORES = ["entries", "files", "drafts"] as const;
const PREFIX = "partyline-inbox.";

/** The name of a person's database. */
export function nameOfDatabase(service: string, user: string): string {
  return `${PREFIX}${service}.${user}`;
}

/** A person's database. */
export class OutboxDatabase {
  #name: string;
  #opening: Promise<IDBPDatabase<Schema>>;

  /** It opens by itself. If it cannot, every call rejects. */
  constructor(name: string) {
    this.#name = name;
    this.#opening = openDB<Schema>(name, 1, {
      upgrade: (created) => {
        for (const store of STORES) created.createObjectStore(store);
      },
      // Another tab deletes it: the person has signed out.
      blocking: () => this.close(),
    });
    this.#opening.catch(() => {});
  }

  // --- entries

  /** All entries, in the order of their keys. */
  async readEntries(): Promise<StoredEntry[]> {
    return (await this.#opening).getAll("entries");
  }

  /** Store a new entry with its files, by their keys. It is on the disk when this resolves. */
  async add(entry: StoredEntry, files: Iterable<[string, Blob]>): Promise<void> {
    const transaction = (await this.#opening).transaction(["entries", "files"], "readwrite", { durability: "strict" });
    void transaction.objectStore("entries").add(entry, entry.key);
    for (const [key, file] of files) void transaction.objectStore("files").put(file, key);
    await transaction.done;
  }

  /**
   * Change an entry that is still there. Other tabs may have removed it, so nothing that is known of an entry is written
   * without looking.
   *
   * @param change returns the changed entry, or null to leave it as it is
   * @returns what is stored now; null if it is gone, or was left
   */
  async change(key: string, change: (entry: StoredEntry) => StoredEntry | null): Promise<StoredEntry | null> {
    const transaction = (await this.#opening).transaction("entries", "readwrite", { durability: "strict" });
    const entry = await transaction.store.get(key);
    const changed = entry ? change(entry) : null;
    if (changed) void transaction.store.put(changed, key);
    await transaction.done;
    return changed;
  }

  /**
   * Remove an entry and its files.
   *
   * @param isRemovable decides, by what is stored, whether it may go
   * @returns what was removed; null if it was gone, or is not removable
   */
  async remove(key: string, isRemovable: (entry: StoredEntry) => boolean = () => true): Promise<StoredEntry | null> {
    const transaction = (await this.#opening).transaction(["entries", "files"], "readwrite");
    const entry = await transaction.objectStore("entries").get(key);
    const isRemoved = entry !== undefined && isRemovable(entry);
    if (isRemoved) {
      void transaction.objectStore("entries").delete(key);
      for (const file of entry.files) void transaction.objectStore("files").delete(file.key);
    }
    await transaction.done;
    return isRemoved ? entry : null;
  }

  /** Put a new entry in the place of one that `isRemovable`. Returns whether it was. */
  async replace(
    key: string,
    entry: StoredEntry,
    files: Iterable<[string, Blob]>,
    isRemovable: (entry: StoredEntry) => boolean,
  ): Promise<boolean> {
    const transaction = (await this.#opening).transaction(["entries", "files"], "readwrite", { durability: "strict" });
    const entries = transaction.objectStore("entries");
    const old = await entries.get(key);
    const isReplaced = old !== undefined && isRemovable(old);
    if (isReplaced) {
      for (const file of old.files) void transaction.objectStore("files").delete(file.key);
      void entries.delete(key);
      void entries.add(entry, entry.key);
      for (const [name, file] of files) void transaction.objectStore("files").put(file, name);
    }
    await transaction.done;
    return isReplaced;
  }

  /** The content of a file; undefined for one that was uploaded before it came here. */
  async readFile(key: string): Promise<Blob | undefined> {
    return (await this.#opening).get("files", key);
  }

  // --- drafts

  async readDrafts(): Promise<Map<string, Draft>> {
    const transaction = (await this.#opening).transaction("drafts");
    const [names, drafts] = await Promise.all([transaction.store.getAllKeys(), transaction.store.getAll()]);
    return new Map(names.flatMap((name, at) => (drafts[at] ? [[name, drafts[at]]] : [])));
  }

  async readDraft(name: string): Promise<Draft | null> {
    return (await (await this.#opening).get("drafts", name)) ?? null;
  }

  async writeDraft(name: string, draft: Draft | null): Promise<void> {
    const database = await this.#opening;
    if (draft) await database.put("drafts", draft, name);
    else await database.delete("drafts", name);
  }

  // ---

  /** Remove everything, and then the database. Other tabs lose their connection to it. */
  async destroy(): Promise<void> {
    try {
      const transaction = (await this.#opening).transaction(STORES, "readwrite");
      for (const store of STORES) void transaction.objectStore(store).clear();
      await transaction.done;
    } catch (error) {
      // Another tab is deleting it already.
      if (!(error instanceof DOMException && error.name === "InvalidStateError")) throw error;
    }
    this.close();
    // It is empty by now. A tab that is frozen can hold up the rest.
    void deleteDB(this.#name);
  }

  close(): void {
    void this.#opening.then(
      (database) => database.close(),
      () => {},
    );
  }
}

/**
 * Remove what other people have left at this browser: they have not signed out. Messages of theirs that may still be sent
 * are kept for as long as that, for when they sign in again.
 */
export async function removeOtherDatabases(mine: string, now = Date.now()): Promise<void> {
  for (const { name = "" } of await indexedDB.databases()) {
    if (!name.startsWith(PREFIX) || name === mine) continue;
    const database = new OutboxDatabase(name);
    const entries = await database.readEntries();
    database.close();
    if (entries.every((entry) => isExpired(entry, now))) await deleteDB(name);
  }
}
