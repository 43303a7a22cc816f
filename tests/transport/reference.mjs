// The reference client of graphql-transport-ws at one address; prints what it sees, a line each.
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const see = (what, value) => console.log(JSON.stringify({ [what]: value ?? null }));

const client = createClient({
  url: process.argv[2],
  webSocketImpl: WebSocket,
  connectionParams: { authorization: 'Bearer good' },
  retryAttempts: 3,
  retryWait: async () => {},
});

const last = async (query) => {
  let seen;
  for await (const result of client.iterate({ query })) seen = result;
  return seen;
};

see('query', await last('{ hello }'));
see('subscription', await last('subscription { count(to: 3) }'));
await last('subscription {').catch((errors) => see('refused', errors[0].extensions.code));

const stream = client.iterate({ query: 'subscription { forever }' });
see('first', (await stream.next()).value.data.forever);
see('again', (await stream.next()).value.data.forever); // after the server has closed the socket
see('once more', (await stream.next()).value.data.forever);
await stream.return();
await client.dispose();
