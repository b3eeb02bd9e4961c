import { createContext } from "preact";

/** The words that are searched for in the thread, to mark them. */
export const SearchedWords = createContext<string[]>([]);
