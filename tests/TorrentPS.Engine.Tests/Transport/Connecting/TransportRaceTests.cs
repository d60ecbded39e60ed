#pragma warning disable xUnit1069 // the limit is for a hang, which would ignore a token
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using TorrentPS.Engine.Transport;
using TorrentPS.Engine.Transport.Connecting;

namespace TorrentPS.Engine.Tests.Transport.Connecting;

public sealed class TransportRaceTests
{
    private static readonly TimeSpan s_start = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_rest = TimeSpan.FromSeconds(3);

    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource<PeerStream> _first = new();
    private readonly TaskCompletionSource<PeerStream> _second = new();
    private bool _secondBegan;

    [Fact(Timeout = 300_000)]
    public async Task The_second_attempt_does_not_begin_when_the_first_connects_in_time()
    {
        using PeerStream stream = new Stub();
        Task<PeerStream> race = Race();
        _first.SetResult(stream);

        Assert.Same(stream, await race);
        Assert.False(_secondBegan);
    }

    [Fact(Timeout = 300_000)]
    public async Task The_second_attempt_begins_after_the_head_start_and_may_win()
    {
        using var stream = new Stub();
        Task<PeerStream> race = Race();
        Assert.False(_secondBegan);
        _time.Advance(s_start);
        await UntilAsync(() => _secondBegan);
        _second.SetResult(stream);

        Assert.Same(stream, await race);
        using var late = new Stub();
        _first.SetResult(late);
        await UntilAsync(() => late.IsDisposed);
        Assert.False(stream.IsDisposed);
    }

    [Fact(Timeout = 300_000)]
    public async Task The_first_attempt_may_still_win_after_the_head_start()
    {
        using var stream = new Stub();
        Task<PeerStream> race = Race();
        _time.Advance(s_start);
        await UntilAsync(() => _secondBegan);
        _second.SetException(new SocketException((int)SocketError.TimedOut));
        _first.SetResult(stream);

        Assert.Same(stream, await race);
    }

    [Fact(Timeout = 300_000)]
    public async Task The_second_attempt_begins_at_once_when_the_first_is_refused()
    {
        using var stream = new Stub();
        Task<PeerStream> race = Race();
        _first.SetException(new SocketException((int)SocketError.ConnectionRefused));
        await UntilAsync(() => _secondBegan);
        _second.SetResult(stream);

        Assert.Same(stream, await race);
    }

    [Fact(Timeout = 300_000)]
    public async Task The_first_of_two_failures_is_reported()
    {
        Task<PeerStream> race = Race();
        _first.SetException(new SocketException((int)SocketError.ConnectionRefused));
        await UntilAsync(() => _secondBegan);
        _time.Advance(s_rest); // uTP does not answer

        SocketException failure = await Assert.ThrowsAsync<SocketException>(() => race);
        Assert.Equal(SocketError.ConnectionRefused, failure.SocketErrorCode);
    }

    private Task<PeerStream> Race() => TransportRace.RunAsync(
        _ => _first.Task,
        token =>
        {
            _secondBegan = true;
            token.Register(() => _second.TrySetCanceled(token));
            return _second.Task;
        },
        s_start, s_rest, _time, TestContext.Current.CancellationToken);

    private static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Yield();
    }

    private sealed class Stub : PeerStream
    {
        public bool IsDisposed { get; private set; }

        public override IPEndPoint RemoteEndPoint { get; } = new(IPAddress.Loopback, 1);

        public override bool IsOutgoing => true;

        public override ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => default;

        public override ValueTask SendAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => default;

        protected override void Dispose(bool disposing) => IsDisposed = true;
    }
}
