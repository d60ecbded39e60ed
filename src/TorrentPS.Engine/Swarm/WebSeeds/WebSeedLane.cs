using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>
/// One connection to a web seed: takes a run of blocks, asks for its bytes, file by file, and gives each block away as soon as it is whole. To the
/// picker it is a peer like others, so faster ones take over what it owes in the end.
/// </summary>
internal sealed partial class WebSeedLane : IDisposable
{
    private const int BufferLength = 256 * 1024;
    private const double SilenceSeconds = 20;

    /// <summary>What is left of an answer is read, though nothing of it is needed any more, when that takes no longer than this: the connection is then kept.</summary>
    private const double LeftoverSeconds = 0.5;

    private static readonly TimeSpan s_headLimit = TimeSpan.FromSeconds(30);

    private readonly WebSeedPool _pool;
    private readonly IWebSeedSwarm _swarm;
    private readonly List<Outstanding> _run = [];
    private readonly RunLength _runLength = new();
    private CancellationTokenSource _aborting = new();
    private byte[] _buffer = [];
    private HttpConnection? _connection;
    private string? _connectedTo;
    private int _next;
    private long _position; // in the torrent's data, of the first byte of the buffer
    private int _used;
    private long _left; // of the run, of what was not read yet
    private bool _isAtRun;
    private bool _isCutShort;
    private bool _isHeldBack;
    private bool _hasEnded;

    public WebSeedLane(WebSeedPool pool, IWebSeedSwarm swarm, WebSeed seed, int first)
    {
        (_pool, _swarm, Seed, _next) = (pool, swarm, seed, first);
        State = new PeerState(new IPEndPoint(IPAddress.Any, 0), swarm.Torrent.PieceCount) { IsChokingUs = false };
        State.Pieces.AddAll();
        Running = Task.CompletedTask;
    }

    public WebSeed Seed { get; }

    public PeerState State { get; }

    public Task Running { get; private set; }

    /// <summary>Whether it has something to get.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Whether data comes.</summary>
    public bool IsReceiving { get; private set; }

    public void Start(CancellationToken stopping) => Running = RunAsync(stopping);

    /// <summary>Ends what it is doing.</summary>
    public void Abort()
    {
        if (!_hasEnded)
            _aborting.Cancel();
    }

    /// <summary>Gives everything back; it does so itself when it has ended.</summary>
    public void Dispose()
    {
        if (_hasEnded)
            return;
        _hasEnded = true;
        Close();
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _aborting.Dispose();
    }

    /// <summary>Looks at the clock.</summary>
    public void Tick()
    {
        try
        {
            LookAtClock();
        }
        catch (Exception e)
        {
            Fault(e);
        }
    }

    private void LookAtClock()
    {
        double now = _swarm.Now;
        State.Rate = State.DownloadRate.PerSecond(now);
        if (_isHeldBack)
            State.LastBlockAt = now;
        else if (IsReceiving && now - State.LastBlockAt > SilenceSeconds)
            Abort();
        else if (IsNothingNeeded)
            CutShort();
    }

    /// <summary>Whether all that is still to come of a run has come from others, and is too much to let it pass by.</summary>
    private bool IsNothingNeeded => _isAtRun && State.Outstanding.Count == 0 && _left > State.Rate * LeftoverSeconds;

    private void CutShort()
    {
        _isCutShort = true;
        Abort();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        IsBusy = true;
        await Task.Yield(); // it is among the others before it begins
        try
        {
            while (!stopping.IsCancellationRequested && !Seed.IsGivenUp && _swarm.Picker.Missing > 0 && (!Seed.IgnoresRanges || _pool.IsFirst(this)))
            {
                if (_swarm.Now < Seed.RetryAt || !await TryWorkAsync(stopping))
                {
                    IsBusy = false;
                    CloseIdle();
                    await _pool.NextPulse;
                    IsBusy = true;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the download ends
        }
        catch (Exception e)
        {
            Fault(e);
        }
        finally
        {
            _swarm.ReleaseAll(State);
            _pool.Ended(this);
            Dispose();
        }
    }

    /// <summary>A fault of this program happened with the web seed, which is given up for it.</summary>
    private void Fault(Exception fault)
    {
        _pool.GiveUp(Seed, fault);
        _swarm.Recover(State);
        Abort(); // whatever it is doing
    }

    /// <summary>Gets one run; false when there is nothing to get now.</summary>
    private async Task<bool> TryWorkAsync(CancellationToken stopping)
    {
        _isCutShort = false;
        if (_aborting.IsCancellationRequested)
        {
            _aborting.Dispose();
            _aborting = new CancellationTokenSource();
        }

        using var both = CancellationTokenSource.CreateLinkedTokenSource(stopping, _aborting.Token);
        string? reason = null;
        try
        {
            if (Seed.IgnoresRanges)
                return await GetWholeFilesAsync(both.Token);
            _run.Clear();
            if (!TryClaim())
                return false;
            await GetTimedRunAsync(both.Token);
            return true;
        }
        catch (WebSeedException e)
        {
            reason = e.Message;
            Handle(e);
        }
        catch (OperationCanceledException) when (_isCutShort && !stopping.IsCancellationRequested)
        {
            // it is not to blame
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            reason = "no data came";
            Seed.Failed(_swarm.Now, reason);
        }
        catch (Exception e) when (e is CertificateRefusedException or AddressRefusedException)
        {
            reason = Describe(e);
            Seed.GiveUp(reason);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or SocketException or AuthenticationException or HttpFetchException)
        {
            reason = Describe(e);
            Seed.Failed(_swarm.Now, reason);
        }
        finally
        {
            IsReceiving = false;
            bool owes = State.Outstanding.Count > 0;
            _swarm.ReleaseAll(State);
            if (owes)
                _swarm.AskAll();
        }

        Close();
        if (reason is not null && !stopping.IsCancellationRequested)
            _swarm.Log($"Web seed {Seed}: {reason}{(Seed.IsGivenUp ? "; it is asked no more" : "")}");
        return true;
    }

    private bool TryClaim()
    {
        if (!_swarm.Picker.TryClaimRun(State, _next, _runLength.Next, _run)
            && !EndGame.TryPickRun(_swarm.Picker, _swarm.Sources, State, _swarm.Now, _swarm.DownloadLimiter.IsExhausted, _run))
        {
            return false;
        }

        foreach (Outstanding item in _run)
            State.Outstanding.Add(item);
        Outstanding last = _run[^1];
        _next = last.Block == last.Piece.BlockCount - 1 ? last.Piece.Index + 1 : last.Piece.Index;
        if (_next >= _swarm.Torrent.PieceCount)
            _next = 0;
        return true;
    }

    private void Handle(WebSeedException e)
    {
        switch (e.Fault)
        {
            case WebSeedFault.Useless:
                Seed.GiveUp(e.Message);
                break;
            case WebSeedFault.Busy:
                Seed.Busy(_swarm.Now, e.Seconds, e.Message);
                break;
            case WebSeedFault.Passing:
                Seed.Failed(_swarm.Now, e.Message);
                break;
            default:
                break;
        }
    }

    private async Task GetTimedRunAsync(CancellationToken cancellationToken)
    {
        double began = State.LastBlockAt = _swarm.Now;
        long received = State.DownloadRate.Total;
        State.DownloadRate.Resume(began);
        _left = long.MaxValue;
        _isAtRun = true;
        try
        {
            await GetRunAsync(cancellationToken);
        }
        finally
        {
            _isAtRun = false;
            _runLength.Ended(State.DownloadRate.Total - received, _swarm.Now - began);
        }
    }

    private async Task GetRunAsync(CancellationToken cancellationToken)
    {
        Torrent torrent = _swarm.Torrent;
        Outstanding first = _run[0], last = _run[^1];
        long start = Offset(first.Piece.Index, first.Block);
        long end = Offset(last.Piece.Index, last.Block) + last.Piece.LengthOf(last.Block);
        (_position, _used) = (start, 0);
        if (Seed.ServesPieces)
        {
            for (long at = start; at < end && State.Outstanding.Count > 0;)
            {
                int piece = (int)(at / torrent.PieceLength);
                int begin = (int)(at - (long)piece * torrent.PieceLength), length = (int)Math.Min(end - at, torrent.LengthOfPiece(piece) - begin);
                await GetPieceAsync(piece, begin, length, cancellationToken);
                at += length;
            }

            return;
        }

        for (int file = FileAt(start); file < torrent.Files.Count && _position + _used < end && State.Outstanding.Count > 0; file++)
        {
            TorrentFile entry = torrent.Files[file];
            long at = _position + _used;
            if (entry.Offset + entry.Length <= at)
                continue; // an empty one
            long length = Math.Min(end, entry.Offset + entry.Length) - at;
            if (entry.IsPadding)
                await PadAsync(length, cancellationToken);
            else
                await GetPartAsync(file, at - entry.Offset, length, cancellationToken);
        }
    }

    private long Offset(int piece, int block) => (long)piece * _swarm.Torrent.PieceLength + (long)block * BlockRequest.BlockLength;

    private int FileAt(long position)
    {
        IReadOnlyList<TorrentFile> files = _swarm.Torrent.Files;
        int low = 0, high = files.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (files[middle].Offset + files[middle].Length > position)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    /// <summary>Padding (BEP 47) is zeros, which nobody is asked for.</summary>
    private async Task PadAsync(long length, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            Memory<byte> free = Free(length);
            free.Span.Clear();
            _used += free.Length;
            length -= free.Length;
            await DeliverAsync(cancellationToken);
        }
    }

    private Memory<byte> Free(long atMost)
    {
        if (_buffer.Length == 0)
            _buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        return _buffer.AsMemory(_used, (int)Math.Min(_buffer.Length - _used, atMost));
    }

    /// <summary>Reads the next bytes of the body into the buffer and gives away the blocks that are whole.</summary>
    private async Task ReceiveAsync(long length, CancellationToken cancellationToken)
    {
        IsReceiving = true;
        _left = length;
        RateLimiter limiter = _swarm.DownloadLimiter;
        while (length > 0)
        {
            Memory<byte> free = Free(length);
            int allowed = free.Length;
            if (limiter.IsLimited)
            {
                _isHeldBack = true;
                allowed = await limiter.TakeAsync(free.Length, cancellationToken);
                _isHeldBack = false;
            }

            int count = 0;
            try
            {
                count = await _connection!.ReadAsync(free[..allowed], cancellationToken);
            }
            finally
            {
                if (limiter.IsLimited)
                    limiter.GiveBack(allowed - count);
            }

            if (count == 0)
                throw new IOException("the answer is shorter than it says");
            State.LastBlockAt = _swarm.Now;
            State.DownloadRate.Add(count, State.LastBlockAt);
            _used += count;
            _left = length -= count;
            Seed.Answered();
            await DeliverAsync(cancellationToken);
            if (IsNothingNeeded)
            {
                Close();
                return;
            }
        }
    }

    private void CloseIdle()
    {
        // A server keeps an idle connection for some seconds: it is opened again when there is something to get.
        if (_connection is { IsReusable: false })
            Close();
    }

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private static string Describe(Exception exception) => exception switch
    {
        SocketException socket => HttpFetch.Describe(socket),
        AuthenticationException => $"the secure connection failed: {exception.Message.TrimEnd('.')}",
        { InnerException: SocketException inner } => HttpFetch.Describe(inner),
        _ => exception.Message.TrimEnd('.'),
    };
}
