using System.Net;
using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Whether the data that is served is still what was verified. A file that others have written is verified, piece by piece. After that, single pieces are read: those that
/// peers seem to have found wrong, and now and then one of those that were sent. One piece is read at a time, and of single ones so few that no peer can keep the disk busy.
/// Belongs to the torrent's loop.
/// </summary>
/// <param name="torrent">The torrent.</param>
/// <param name="files">Its files.</param>
/// <param name="layout">Which pieces are of which.</param>
/// <param name="disk">Where they are read.</param>
/// <param name="tally">Counts what is under way.</param>
/// <param name="served">What is served of it.</param>
internal sealed class DataWatch(Torrent torrent, IChangedFiles files, FileLayout layout, DiskQueue disk, DiskTally tally, IServedData served)
{
    /// <summary>Between two looks at the times of the open files.</summary>
    public const double LookSeconds = 30;

    /// <summary>Between two pieces that are read by chance, at least.</summary>
    public const double SampleSeconds = 60;

    /// <summary>What single pieces are read at on average, for each of the two reasons: after a long piece the next one waits longer.</summary>
    public const double BytesPerSecond = 256 * 1024;

    /// <summary>For so long it adds up while nothing is read, so that small pieces do not wait for a tick each.</summary>
    private const double SavedSeconds = 1;

    private readonly Complaints _complaints = new();
    private double _now;
    private double _lookAt = LookSeconds;
    private double _paidAt = -SavedSeconds; // when what was read because of complaints has been paid for
    private double _sampleAt = SampleSeconds;
    private int _file = -1; // which is being verified
    private int _piece = -1; // the next of it
    private bool _isEnded;
    private bool _isFileRight;
    private bool _isAnyRead; // of that file

    /// <summary>Whether something is being read, or is going to be before the next tick.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Pieces that were read.</summary>
    public int PiecesRead { get; private set; }

    /// <summary>A peer seems to have found a piece wrong that it got from us.</summary>
    public void Complain(int piece, IPAddress from)
    {
        if (served.Serves(piece))
            _complaints.Add(piece, from);
    }

    /// <summary>Looks at the clock.</summary>
    public void Tick(double now)
    {
        _now = now;
        if (!IsBusy)
            _ = WorkAsync();
    }

    /// <summary>Nothing more is read after what is being read.</summary>
    public void End() => _isEnded = true;

    private async Task WorkAsync()
    {
        IsBusy = true;
        try
        {
            while (!_isEnded && await StepAsync())
            {
                // the next
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
            if (served.Serves(complained)) // perhaps it was withdrawn since
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

    /// <summary>Verifies the next piece of the file that is being verified.</summary>
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
