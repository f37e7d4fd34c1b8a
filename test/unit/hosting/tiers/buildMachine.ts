/** Makes an XState machine from a MachineSpec. Its own functions write to the probe what they are called with. */
import {
  type AnyStateMachine,
  and,
  assign,
  cancel,
  createMachine,
  emit,
  enqueueActions,
  log,
  not,
  or,
  raise,
  sendParent,
  sendTo,
  stateIn,
} from 'xstate';
import {
  type ActionSpec,
  type DelaySpec,
  descriptors,
  eventTypes,
  type GuardSpec,
  type MachineSpec,
  type NodeSpec,
  type TransitionSpec,
} from './MachineSpec.js';
import { probe } from './TierWorld.js';

interface Context {
  readonly n: number;
  readonly m: number;
  /** Each event that the machine sends itself costs one, so that it comes to rest. */
  readonly fuel: number;
}

interface Args {
  readonly context: Context;
  readonly event: { readonly type: string; readonly n?: number };
}

type SelfArgs = Args & { readonly self: { readonly id: string; send(event: object): void; getSnapshot(): unknown } };

/** A state of the machine that is being built. */
interface Site {
  readonly id: string;
  readonly spec: NodeSpec;
  readonly path: readonly string[];
  readonly children: Site[];
}

export function buildMachine(spec: MachineSpec): AnyStateMachine {
  return new MachineBuilder(spec).build();
}

class MachineBuilder {
  readonly #spec: MachineSpec;
  readonly #sites: Site[] = [];

  constructor(spec: MachineSpec) {
    this.#spec = spec;
  }

  build(): AnyStateMachine {
    const { context, output, provided } = this.#spec;
    const root = this.#site(this.#spec.root, [], true);
    const initial = { n: 0, m: 1, fuel: 8 };
    const config = {
      ...this.#node(root),
      context:
        context === 'value'
          ? initial
          : context === 'input'
            ? ({ input }: { input: { n: number } }) => ({ ...initial, n: input.n })
            : ({ input, self }: { input: { n: number }; self: { id: string } }) => ({
                ...initial,
                n: input.n,
                m: self.id.length,
              }),
      ...outputOf(output),
      options: { maxIterations: 40 },
    };
    const implementations = { actions: this.#actionsByName(), guards: this.#guardsByName(), delays: delaysByName };
    if (!provided) return createMachine(config as never, implementations as never);
    const bare = {
      actions: { addOne: () => probe.lines.push('not provided') },
      guards: { below: () => true },
      delays: {},
    };
    return createMachine(config as never, bare as never).provide(implementations as never);
  }

  // --- states

  #site(spec: NodeSpec, path: readonly string[], isRoot = false): Site {
    const site: Site = { id: `s${this.#sites.length}`, spec: tamed(spec, isRoot), path, children: [] };
    this.#sites.push(site);
    for (const [number, child] of site.spec.children.entries()) {
      site.children.push(this.#site(child, [...path, `k${number}`]));
    }
    return site;
  }

  #node({ id, spec, children, path }: Site): object {
    if (spec.shape === 'shallow' || spec.shape === 'deep') {
      const sibling = this.#sites.find(
        (site) => site.path.length === path.length && isPrefix(path.slice(0, -1), site.path) && isActive(site.spec),
      );
      const target = spec.hasDefault && sibling ? { target: sibling.path.at(-1) } : {};
      return { id, type: 'history', history: spec.shape, ...target };
    }
    const common = {
      id,
      entry: this.#actions(spec.entry),
      exit: this.#actions(spec.exit),
      ...(spec.tags.length > 0 ? { tags: spec.tags } : {}),
    };
    if (spec.shape === 'final') return { ...common, type: 'final', ...outputOf(spec.output) };
    const transitions = {
      on: Object.fromEntries(spec.on.map(([number, list]) => [descriptors[number], this.#transitions(list)])),
      ...(spec.always.length > 0 ? { always: spec.always.map((each) => this.#eventless(each)) } : {}),
      ...(spec.after.length > 0
        ? { after: Object.fromEntries(spec.after.map(([delay, each]) => [delayKey(delay), this.#transition(each)])) }
        : {}),
    };
    if (children.length === 0) return { ...common, ...transitions };
    const states = Object.fromEntries(children.map((child) => [child.path.at(-1), this.#node(child)]));
    const inner = {
      ...common,
      ...transitions,
      states,
      ...(spec.done.length > 0 ? { onDone: this.#transitions(spec.done) } : {}),
    };
    if (spec.shape === 'parallel') return { ...inner, type: 'parallel' };
    const active = children.filter((child) => isActive(child.spec));
    const lasting = active.filter((child) => child.spec.shape !== 'final');
    const candidates = lasting.length > 0 ? lasting : active;
    const target = candidates[spec.initial % candidates.length]?.path.at(-1);
    const actions = this.#actions(spec.initialActions);
    return { ...inner, initial: actions.length > 0 ? { target, actions } : target };
  }

  #transitions(specs: readonly TransitionSpec[]): unknown[] {
    return specs.map((spec) => this.#transition(spec));
  }

  #transition({ target, reenter, guard, actions }: TransitionSpec): unknown {
    const to =
      target.kind === 'none'
        ? undefined
        : target.kind === 'one'
          ? this.#target(target.state)
          : this.#regions(target.state);
    const parts = {
      ...(to ? { target: to } : {}),
      ...(reenter ? { reenter } : {}),
      ...(guard ? { guard: this.#guard(guard) } : {}),
      ...(actions.length > 0 ? { actions: this.#actions(actions) } : {}),
    };
    // An event that is listed with nothing is a forbidden one.
    return Object.keys(parts).length === 0 ? undefined : parts;
  }

  /** Most need fuel, for a machine that never rests shows little else. */
  #eventless(spec: TransitionSpec): unknown {
    if (!spec.guard) return this.#transition({ ...spec, guard: { kind: 'below', form: 'named', limit: 6 } });
    const { target, reenter, guard, actions } = this.#transition(spec) as Record<string, unknown>;
    return {
      target,
      reenter,
      guard: and([({ context }: Args) => context.fuel > 0, guard] as never),
      actions: [...((actions as unknown[] | undefined) ?? []), burn],
    };
  }

  #target(number: number): string {
    return `#${(this.#sites[number % this.#sites.length] as Site).id}`;
  }

  /** A state in each of two regions of a parallel state, if there is one. */
  #regions(number: number): string | string[] {
    const parallels = this.#sites.filter(
      ({ spec, children }) => spec.shape === 'parallel' && children.filter((child) => isActive(child.spec)).length > 1,
    );
    const parallel = parallels[number % (parallels.length || 1)];
    if (!parallel) return this.#target(number);
    const [one, other] = parallel.children.filter((child) => isActive(child.spec)) as [Site, Site];
    return [one, other].map((region) => `#${(region.children[number % (region.children.length || 1)] ?? region).id}`);
  }

  // --- guards

  #guard(spec: GuardSpec): unknown {
    switch (spec.kind) {
      case 'below': {
        const { limit } = spec;
        if (spec.form === 'inline') return ({ context }: Args) => context.n % 12 < limit;
        if (spec.form === 'named') return 'belowSix';
        if (spec.form === 'params') return { type: 'below', params: { limit } };
        return { type: 'below', params: ({ context }: Args) => ({ limit: (context.m + limit) % 12 }) };
      }
      case 'not':
        return not(this.#guard(spec.part) as never);
      case 'and':
        return and(spec.parts.map((part) => this.#guard(part)) as never);
      case 'or':
        return or(spec.parts.map((part) => this.#guard(part)) as never);
      case 'stateIn': {
        const site = this.#sites[spec.state % this.#sites.length] as Site;
        return stateIn(
          spec.byValue && site.path.length > 0 ? (valueOfPath(site.path) as never) : (`#${site.id}` as never),
        );
      }
      case 'combined':
        return 'combined';
      case 'throws':
        return ({ context }: Args) => {
          if (context.n === spec.at) throw new Error('a guard fails');
          return context.m % 2 === 0;
        };
    }
  }

  #guardsByName(): object {
    return {
      belowSix: ({ context }: Args) => context.n % 12 < 6,
      below: ({ context }: Args, { limit }: { limit: number }) => context.n % 12 < limit,
      combined: and(['belowSix', not({ type: 'below', params: { limit: 2 } } as never)] as never),
    };
  }

  // --- actions

  #actions(specs: readonly ActionSpec[]): unknown[] {
    return specs.flatMap((spec) => this.#action(spec));
  }

  #action(spec: ActionSpec): unknown {
    switch (spec.kind) {
      case 'assign':
        return assignment(spec.form, spec.by);
      case 'note':
        return note(spec.form, spec.text);
      case 'raise': {
        const event = eventOf(spec.event);
        // Without fuel it raises what nobody hears.
        const raised = raise((({ context }: Args) =>
          context.fuel > 0 ? { ...event, n: context.n } : { type: 'spent' }) as never);
        return spec.form === 'function' ? [raised, burn] : raise(event as never);
      }
      case 'raise later':
        return raise(eventOf(spec.event) as never, {
          delay: delayOf(spec.delay) as never,
          id: timerId(spec.id) as never,
        });
      case 'send':
        return this.#send(spec);
      case 'send parent':
        return sendParent(
          (spec.form === 'value'
            ? eventOf(spec.event)
            : ({ context }: Args) => ({ type: 'told', n: context.n })) as never,
        );
      case 'emit':
        if (spec.form === 'value') return emit({ type: 'shown' } as never);
        if (spec.form === 'params') return { type: 'show', params: { what: 'this' } };
        return emit((({ context, event }: Args) => ({ type: 'shown', n: context.n, by: event.type })) as never);
      case 'log':
        if (spec.form === 'text') return log('a word');
        if (spec.form === 'default') return log();
        return log((({ context }: Args) => context.n) as never, spec.form === 'labelled' ? 'n' : undefined);
      case 'cancel':
        return cancel((spec.form === 'value' ? timerId(spec.id) : () => timerId(spec.id)) as never);
      case 'enqueue':
        return this.#enqueue(spec);
      case 'throws':
        return throwing(spec);
    }
  }

  #send({ event, to, delay }: Extract<ActionSpec, { kind: 'send' }>): unknown {
    const options = delay ? { delay: delayOf(delay) } : {};
    if (to === 'friend') return sendTo((() => probe.friend) as never, eventOf(event) as never, options as never);
    // What a machine sends itself at once, it can send for ever: it takes fuel.
    const target =
      to === 'self'
        ? ({ context, self }: SelfArgs) => (context.fuel > 0 ? self : probe.friend)
        : ({ context }: Args) => (context.fuel > 0 ? '#_internal' : probe.friend);
    return [sendTo(target as never, eventOf(event) as never, options as never), burn];
  }

  #enqueue({ guard, actions, form }: Extract<ActionSpec, { kind: 'enqueue' }>): unknown {
    const asked = guard && this.#guard(guard);
    const listed = this.#actions(actions);
    const collect = (enqueue: Enqueue, context: Context, isAgreed: boolean): void => {
      if (!isAgreed) enqueue.emit({ type: 'refused', n: context.n });
      else for (const each of listed) enqueue(each);
      if (context.n % 2 === 0) enqueue.assign({ m: ({ context: { m } }: Args) => m + 1 });
      if (context.n % 2 === 1) enqueue.emit(({ context: { m } }: Args) => ({ type: 'counted', m }));
      enqueue.emit({ type: 'listed', n: context.n });
      enqueue.assign({ listed: context.n });
      if (context.n % 3 === 0) enqueue.raise({ type: 'C' }, { delay: 7, id: 'enqueued' });
      if (context.n % 5 === 0) enqueue.sendTo(probe.friend, { type: 'hello', n: context.n });
      if (context.n % 5 === 1) enqueue.cancel('enqueued');
      if (context.n % 7 === 1) enqueue.sendParent(({ context: { n } }: Args) => ({ type: 'told', n }));
      if (context.n % 7 === 2) enqueue(({ event }: Args) => probe.lines.push(['queued', event.type]));
    };
    if (form === 'pattern') {
      return enqueueActions((({ enqueue, context, check }: EnqueueArgs) =>
        collect(enqueue, context, !asked || check(asked))) as never);
    }
    return enqueueActions(((args: EnqueueArgs) =>
      collect(args.enqueue, args.context, !asked || args.check(asked))) as never);
  }

  #actionsByName(): object {
    return {
      addOne: assign({ n: ({ context }: Args) => context.n + 1 } as never),
      add: assign((({ context }: Args, { by }: { by: number }) => ({ n: context.n + by })) as never),
      note: ({ context }: Args, params: unknown) => probe.lines.push(['note', context.n, params]),
      show: emit(((_args: Args, params: object) => ({ type: 'shown', ...params })) as never),
    };
  }
}

interface Enqueue {
  (action: unknown): void;
  emit(event: unknown): void;
  assign(assignment: object): void;
  raise(event: object, options: object): void;
  sendTo(to: object, event: object): void;
  sendParent(event: unknown): void;
  cancel(id: string): void;
}

type EnqueueArgs = Args & { readonly enqueue: Enqueue; check(guard: unknown): boolean };

const burn = assign({ fuel: ({ context }: Args) => context.fuel - 1 } as never);

function assignment(form: Extract<ActionSpec, { kind: 'assign' }>['form'], by: number): unknown {
  switch (form) {
    case 'object':
      return assign({ n: ({ context }: Args) => context.n + by } as never);
    case 'objects':
      return assign({
        n: ({ context }: Args) => context.n + by,
        m: by,
        last: ({ event }: Args) => event.type,
      } as never);
    case 'function':
      return assign((({ context, event }: Args) => ({ n: context.n + by, heard: event.n ?? 0 })) as never);
    case 'named':
      return 'addOne';
    case 'params':
      return { type: 'add', params: { by } };
    case 'self':
      return assign(((args: SelfArgs) => ({ n: args.context.n + args.self.id.length })) as never);
  }
}

function note(form: Extract<ActionSpec, { kind: 'note' }>['form'], text: string): unknown {
  switch (form) {
    case 'inline':
      return ({ context, event }: Args) => probe.lines.push([text, context.n, event.type]);
    case 'named':
      return 'note';
    case 'params':
      return { type: 'note', params: { text } };
    case 'dynamic':
      return { type: 'note', params: ({ context, event }: Args) => ({ text, m: context.m, by: event.type }) };
    case 'self':
      return ({ self, context, event }: SelfArgs) => {
        const seen = self.getSnapshot() as { value?: unknown } | undefined;
        probe.lines.push([text, self.id, seen?.value]);
        if (context.n % 4 !== 3 && event.type === 'A') self.send({ type: 'B', n: 1 });
      };
  }
}

function throwing({ form, at }: Extract<ActionSpec, { kind: 'throws' }>): unknown {
  const check = (context: Context): void => {
    if (context.n === at) throw new Error(`the ${form} fails at ${at}`);
  };
  if (form === 'action') return ({ context }: Args) => check(context);
  if (form === 'event') {
    return emit((({ context }: Args) => {
      check(context);
      return { type: 'made' };
    }) as never);
  }
  return assign((({ context }: Args) => {
    check(context);
    return { m: context.m + 1 };
  }) as never);
}

const delaysByName = { five: 5, computed: ({ context }: Args) => 5 + (context.n % 3) };

function delayOf({ form, ms }: DelaySpec): unknown {
  if (form === 'number') return ms;
  if (form === 'function') return ({ context }: Args) => ms + (context.n % 2);
  return form === 'named' ? 'five' : 'computed';
}

/** In `after`, a delay is a key. */
function delayKey({ form, ms }: DelaySpec): string | number {
  if (form === 'named') return 'five';
  return form === 'named function' ? 'computed' : ms;
}

function outputOf(form: NodeSpec['output']): object {
  if (form === 'none') return {};
  if (form === 'value') return { output: { is: 'constant' } };
  return {
    output: ({ context, event }: Args & { event: { output?: unknown } }) => ({
      n: context.n,
      by: event.type,
      of: event.output,
    }),
  };
}

function eventOf(number: number): { type: string; n: number } {
  return { type: eventTypes[number] as string, n: number };
}

function timerId(number: number): string | undefined {
  return number === 0 ? undefined : `timer ${number}`;
}

function valueOfPath(path: readonly string[]): unknown {
  return path.length === 1 ? path[0] : { [path[0] as string]: valueOfPath(path.slice(1)) };
}

function isPrefix(path: readonly string[], of: readonly string[]): boolean {
  return path.every((key, place) => key === of[place]);
}

function isActive(spec: NodeSpec): boolean {
  return spec.shape !== 'shallow' && spec.shape !== 'deep';
}

/** What XState takes: a state with children has one that can be active, and a final one has nothing. */
function tamed(spec: NodeSpec, isRoot: boolean): NodeSpec {
  if (!isActive(spec) || spec.shape === 'final') return { ...spec, children: [] };
  const { children } = spec;
  const some = children.some(isActive) || children.length === 0 ? children : [];
  const shape = spec.shape === 'parallel' && some.length === 0 ? 'plain' : spec.shape;
  if (!isRoot || some.length > 0) return { ...spec, shape, children: some };
  return { ...spec, shape: 'plain', children: children.map((child) => ({ ...child, shape: 'plain', children: [] })) };
}
