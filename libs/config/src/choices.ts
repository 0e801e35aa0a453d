// What a value may be drawn from, by key: the tables of workloads and faults say so of their options, for swarms of scenarios.

/** Values as a file has them, each as likely as the others: one that stands twice is twice as likely. Null: the key is left out. */
export type Choices = Readonly<Record<string, ReadonlyArray<unknown>>>
