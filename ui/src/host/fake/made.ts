/** How scenes make people and messages. */
import type { ChatLine } from '../../types/ChatLine';
import type { User } from '../../types/User';

export function user(username: string, display_name: string, presence: User['presence'] = 'online'): User {
  return { id: `id-${username}`, username, display_name, presence };
}

const AT = Date.UTC(2026, 10, 23, 9, 41);
export function line(id: number, mine: boolean, text: string, delivery: ChatLine['delivery'] = 'delivered'): ChatLine {
  return { id, mine, text, delivery, sent_at_ms: AT + id * 20_000 };
}
