using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Watches whether served data is still what was verified. A file that another program has written is verified, piece by piece. Apart from that, single pieces are read:
/// those that peers may have found wrong, and occasionally one of those sent. One piece is read at a time, with a limit on single ones, so that no peer can keep the disk
/// busy. Belongs to the torrent's loop.
/// </summary>
/// <param name="torrent">The torrent.</param>
/// <param name="files">Its files.</param>
/// <param name="layout">The pieces of each file.</param>
/// <param name="disk">The disk threads.</param>
/// <param name="tally">Counts running reads.</param>
/// <param name="served">The served data.</param>
internal sealed class DataWatch(Torrent torrent, IChangedFiles files, FileLayout layout, DiskQueue disk, DiskTally tally, IServedData served)
{
    /// <summary>The interval for checking the times of open files, in seconds.</summary>
    public const double LookSeconds = 30;

    /// <summary>The minimum interval between random samples, in seconds.</summary>
    public const double SampleSeconds = 60;

    /// <summary>The average rate for reading single pieces, for each of the two reasons: after a long piece the next one waits longer.</summary>
    public const double BytesPerSecond = 256 * 1024;

    /// <summary>The time for which unused budget accumulates, so that small pieces need not wait for a tick each.</summary>
    private const double SavedSeconds = 1;

    private readonly Complaints _complaints = new();
    private double _now;
    private double _lookAt = LookSeconds;
    private double _paidAt = -SavedSeconds; // when the budget for complaints is available again
    private double _sampleAt = SampleSeconds;
    private int _file = -1; // the file being verified
    private int _piece = -1; // its next piece
    private bool _isEnded;
    private bool _isFileRight;
    private bool _isAnyRead; // whether any piece of that file was read

    /// <summary>Whether a read is running, or due before the next tick.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>The number of pieces read.</summary>
    public int PiecesRead { get; private set; }

    /// <summary>A peer may have found a piece wrong that it received from us.</summary>
    public void Complain(int piece, IPAddress from)
    {
        if (served.Serves(piece))
            _complaints.Add(piece, from);
    }

    /// <summary>Periodic work.</summary>
    public void Tick(double now)
    {
        _now = now;
        if (!IsBusy)
            _ = WorkAsync();
    }

    /// <summary>Starts no more reads.</summary>
    public void End() => _isEnded = true;

    private async Task WorkAsync()
    {
        IsBusy = true;
        try
        {
            while (!_isEnded && await StepAsync())
            {
                // the next one
            }
        }
        catch (Exception e)
        {
            served.WatchFailed(e);
        }

        IsBusy = false;
    }

    private async ValueTask<bool> StepAsync()
    {
        if (_file >= 0 || TryTakeFile())
        {
            await VerifyNextAsync();
        }
        else if (_now >= _lookAt)
        {
            _lookAt = _now + LookSeconds;
            await new DiskQuestion(tally, () =>
            {
                files.LookAtOpenFiles();
                return true;
            }).AskAsync(disk);
        }
        else if (_now > _paidAt && _complaints.TryTake(out int complained))
        {
            if (served.Serves(complained)) // it may have been withdrawn since
                await CheckPaidAsync(complained);
        }
        else if (_now >= _sampleAt)
        {
            _sampleAt = _now + SampleSeconds;
            if (served.TakeSample() is >= 0 and int piece)
            {
                _sampleAt = _now + Math.Max(SampleSeconds, SecondsFor(piece));
                await CheckAsync(piece);
            }
        }
        else
        {
            return false;
        }

        return true;
    }

    private ValueTask<bool> CheckPaidAsync(int piece)
    {
        _paidAt = Math.Max(_paidAt, _now - SavedSeconds) + SecondsFor(piece);
        return CheckAsync(piece);
    }

    private double SecondsFor(int piece) => torrent.LengthOfPiece(piece) / BytesPerSecond;

    private bool TryTakeFile()
    {
        if (!files.TryTakeDoubtful(out int file))
            return false;
        _file = file;
        return true;
    }

    /// <summary>Verifies the next piece of the file being verified.</summary>
    private async ValueTask VerifyNextAsync()
    {
        (int first, int last) = layout.PiecesOf(_file);
        if (_piece < first)
            (_piece, _isFileRight, _isAnyRead) = (first, true, false);
        while (_piece <= last && !served.Serves(_piece))
            _piece++;
        if (_piece <= last)
        {
            _isAnyRead = true;
            _isFileRight &= await CheckAsync(_piece++);
            return;
        }

        if (_isFileRight && _isAnyRead)
            served.Kept(_file);
        (_file, _piece) = (-1, -1);
    }

    private async ValueTask<bool> CheckAsync(int piece)
    {
        if (!served.Serves(piece))
            return true;
        PiecesRead++;
        TorrentException? failure = null;
        bool isRight = false;
        try
        {
            isRight = await new DiskQuestion(tally, () => files.IsStillRight(piece)).AskAsync(disk);
        }
        catch (TorrentException e)
        {
            failure = e;
        }

        if (failure is not null)
            served.Unreadable(piece, failure);
        else if (!isRight && served.Serves(piece))
            served.Spoilt(piece);
        return isRight;
    }
}
