using System.Net;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// The queries in flight. An answer is valid if it has the query's transaction id, which cannot be guessed, and comes from the queried address. After a short time the
/// answer is late, and the lookup continues without it; it is still accepted until the long time-out.
/// </summary>
internal sealed class DhtRequests
{
    /// <summary>The maximum of the short time, used while the speed of answers is unknown. Most answers take less than a fifth of it.</summary>
    public static readonly TimeSpan ShortLimit = TimeSpan.FromSeconds(1);

    /// <summary>The long time-out.</summary>
    public static readonly TimeSpan LongLimit = TimeSpan.FromSeconds(8);

    /// <summary>The maximum number of queries in flight.</summary>
    public const int MaxCount = 1000;

    private readonly Dictionary<ushort, DhtRequest> _byId = [];

    private static readonly TimeSpan s_shortestLimit = TimeSpan.FromMilliseconds(200);

    // The smoothed response time and its variation, as in TCP (RFC 6298).
    private TimeSpan? _delay;
    private TimeSpan _variation;

    // All have about the same time-out, so they are roughly ordered by deadline.
    private readonly Queue<DhtRequest> _awaited = new();
    private readonly Queue<DhtRequest> _late = new();

    public int Count => _byId.Count;

    /// <summary>How long to wait for an answer before it is late.</summary>
    public TimeSpan Patience
    {
        get
        {
            if (_delay is not { } delay)
                return ShortLimit;
            TimeSpan limit = delay + 4 * _variation;
            return limit < s_shortestLimit ? s_shortestLimit : limit > ShortLimit ? ShortLimit : limit;
        }
    }

    /// <summary>Adds a query; null if too many are in flight.</summary>
    public DhtRequest? Add(IPEndPoint endPoint, KrpcMethod method, IDhtCaller caller, TimeSpan now)
    {
        if (_byId.Count >= MaxCount)
            return null;
        ushort id;
        do
            id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
        while (_byId.ContainsKey(id));
        var request = new DhtRequest(id, endPoint, method, caller, now, now + Patience);
        _byId.Add(id, request);
        _awaited.Enqueue(request);
        return request;
    }

    /// <summary>Removes the query that a message answers; null if it answers none.</summary>
    public DhtRequest? Take(ReadOnlySpan<byte> transactionId, IPEndPoint from, TimeSpan now)
    {
        if (transactionId.Length != 2)
            return null;
        ushort id = (ushort)(transactionId[0] << 8 | transactionId[1]);
        if (!_byId.TryGetValue(id, out DhtRequest? request) || !request.EndPoint.Equals(from))
            return null;
        _byId.Remove(id);
        request.IsOver = true;
        Reckon(now - request.SentAt);
        return request;
    }

    /// <summary>The next query whose answer is late.</summary>
    public DhtRequest? TakeDelayed(TimeSpan now)
    {
        while (_awaited.TryPeek(out DhtRequest? request) && (request.IsOver || now >= request.LateAt))
        {
            _awaited.Dequeue();
            if (request.IsOver)
                continue;
            _late.Enqueue(request);
            return request;
        }

        return null;
    }

    /// <summary>The next query that has expired.</summary>
    public DhtRequest? TakeExpired(TimeSpan now)
    {
        while (_late.TryPeek(out DhtRequest? request) && (request.IsOver || now - request.SentAt >= LongLimit))
        {
            _late.Dequeue();
            if (request.IsOver)
                continue;
            request.IsOver = true;
            _byId.Remove(request.TransactionId);
            return request;
        }

        return null;
    }

    /// <summary>The next deadline; null if no query is in flight.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            while (_awaited.TryPeek(out DhtRequest? awaited) && awaited.IsOver)
                _awaited.Dequeue();
            while (_late.TryPeek(out DhtRequest? late) && late.IsOver)
                _late.Dequeue();
            TimeSpan? next = _awaited.TryPeek(out DhtRequest? first) ? first.LateAt : null;
            if (_late.TryPeek(out DhtRequest? last) && (next is null || last.SentAt + LongLimit < next))
                next = last.SentAt + LongLimit;
            return next;
        }
    }

    private void Reckon(TimeSpan taken)
    {
        if (_delay is not { } delay)
        {
            (_delay, _variation) = (taken, taken / 2);
            return;
        }

        _variation += ((taken - delay).Duration() - _variation) / 4;
        _delay = delay + (taken - delay) / 8;
    }
}
