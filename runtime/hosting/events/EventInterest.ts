/**
 * Which actors of a host hear which events of which rooms. A packet is matched by two numbers of its header, the
 * event's id and the room's topic, before anything is decoded; the room's full id is compared afterwards, because
 * two rooms may share a topic.
 */
export interface Subscription<Subscriber> {
  readonly subscriber: Subscriber;
  /** Null: the event belongs to no room. */
  readonly roomId: string | null;
  /** Does not hear what this node itself publishes. */
  readonly remoteOnly: boolean;
  /** Which start of the subscriber asked for it. */
  readonly incarnation: number;
}

/** A subscription on its way to another shard, with its actor. */
export interface CarriedSubscription {
  readonly eventId: number;
  readonly topic: number;
  readonly roomId: string | null;
  readonly remoteOnly: boolean;
}

/** Event id and topic as one number: 16 and 32 bits. */
export function interestKey(eventId: number, topic: number): number {
  return eventId * 2 ** 32 + topic;
}

export class EventInterest<Subscriber> {
  readonly #byKey = new Map<number, Subscription<Subscriber>[]>();
  readonly #keysOf = new Map<Subscriber, Set<number>>();
  readonly #changed: (eventId: number, topic: number, interested: boolean) => void;

  /** @param changed called when the first subscriber of an event and topic comes and when the last one goes */
  constructor(changed: (eventId: number, topic: number, interested: boolean) => void) {
    this.#changed = changed;
  }

  /** Subscribing again to the same event and room replaces the earlier subscription. */
  add(eventId: number, topic: number, subscription: Subscription<Subscriber>): void {
    const key = interestKey(eventId, topic);
    const subscriptions = this.#byKey.get(key);
    if (!subscriptions) {
      this.#byKey.set(key, [subscription]);
      this.#changed(eventId, topic, true);
    } else {
      const same = subscriptions.findIndex(
        ({ subscriber, roomId }) => subscriber === subscription.subscriber && roomId === subscription.roomId,
      );
      if (same >= 0) subscriptions[same] = subscription;
      else subscriptions.push(subscription);
    }
    const keys = this.#keysOf.get(subscription.subscriber);
    if (keys) keys.add(key);
    else this.#keysOf.set(subscription.subscriber, new Set([key]));
  }

  remove(eventId: number, topic: number, subscriber: Subscriber, roomId: string | null): void {
    this.#drop(interestKey(eventId, topic), subscriber, (subscription) => subscription.roomId === roomId);
  }

  /**
   * Drops what a subscriber asked for before its start number `incarnation`. Called after a restart, not before, so
   * that events which come meanwhile wait in its mailbox; with Infinity when it has ended.
   */
  dropBefore(subscriber: Subscriber, incarnation: number): void {
    for (const key of this.#keysOf.get(subscriber) ?? []) {
      this.#drop(key, subscriber, (subscription) => subscription.incarnation < incarnation);
    }
  }

  /** What a subscriber hears, to subscribe to the same elsewhere. */
  *ofSubscriber(subscriber: Subscriber): Generator<CarriedSubscription> {
    for (const key of this.#keysOf.get(subscriber) ?? []) {
      for (const each of this.#byKey.get(key) ?? []) {
        if (each.subscriber !== subscriber) continue;
        yield {
          eventId: Math.floor(key / 2 ** 32),
          topic: key % 2 ** 32,
          roomId: each.roomId,
          remoteOnly: each.remoteOnly,
        };
      }
    }
  }

  /** @returns undefined when nobody listens; not to be changed */
  listeners(eventId: number, topic: number): readonly Subscription<Subscriber>[] | undefined {
    return this.#byKey.get(interestKey(eventId, topic));
  }

  #drop(key: number, subscriber: Subscriber, which: (subscription: Subscription<Subscriber>) => boolean): void {
    const subscriptions = this.#byKey.get(key);
    if (!subscriptions) return;
    const left = subscriptions.filter((each) => each.subscriber !== subscriber || !which(each));
    if (!left.some((each) => each.subscriber === subscriber)) {
      const keys = this.#keysOf.get(subscriber);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysOf.delete(subscriber);
    }
    if (left.length > 0) {
      this.#byKey.set(key, left);
    } else {
      this.#byKey.delete(key);
      this.#changed(Math.floor(key / 2 ** 32), key % 2 ** 32, false);
    }
  }
}
