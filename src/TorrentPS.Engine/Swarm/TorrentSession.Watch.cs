using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;

namespace TorrentPS.Engine.Swarm;

/// <content>
/// Data that other programs change while it is served. While a download runs, a piece that is no longer right is fetched again; afterwards its file is served no
/// longer, and the result says so. The same goes for a file that cannot be read any more, unless the reason concerns all files of a disk or of the process.
/// </content>
internal sealed partial class TorrentSession
{
    private const int FilesTold = 100;
    private const int FilesNamed = 3;

    private readonly List<string> _spoilt = []; // the files that were changed, as they are told, in the order in which it was found out
    private readonly List<string> _unread = []; // likewise those that could not be read
    private DataWatch? _watch; // null where nobody else can change the data
    private Bitfield? _withdrawn; // pieces that were there and are served no longer

    private IChangedFiles Files => _disk.Storage.Changes!;

    /// <summary>A peer asks again for what it got.</summary>
    public void Complained(PeerSession peer, int piece)
    {
        Log($"Peer {peer.EndPoint} asks again for piece {piece}");
        _watch?.Complain(piece, peer.EndPoint.Address);
    }

    /// <summary>What a peer asked for is not there any more, or cannot be read: of a seed the file is served no longer. A download without its file has nowhere to go on.</summary>
    public void CutShort(PeerSession peer, int piece, TorrentException failure) => Unreadable(piece, failure);

    bool IServedData.Serves(int piece) => _picker.Have[piece];

    int IServedData.TakeSample()
    {
        int sample = -1, count = 0;
        foreach (PeerSession peer in Peers)
        {
            if (peer.TryTakeSample(out int piece) && Random.Shared.Next(++count) == 0)
                sample = piece;
        }

        return sample;
    }

    void IServedData.Spoilt(int piece) => Spoilt(piece);

    void IServedData.Unreadable(int piece, TorrentException failure) => Unreadable(piece, failure);

    void IServedData.Kept(int file)
    {
        (int first, int last) = _layout.PiecesOf(file);
        bool isWhole = IsComplete;
        for (int piece = first; piece <= last && isWhole; piece++)
            isWhole = _picker.Have[piece];
        if (isWhole)
            Files.Trust(file);
        Log($"'{Files.PathOnDisk(file)}' was written by another program, and is still right");
    }

    void IServedData.WatchFailed(Exception failure)
    {
        if (failure is TorrentException e)
            StorageFailed(e);
        else
            Faulted(failure);
    }

    /// <summary>A peer has closed its connection: perhaps one of the last pieces that it got was wrong.</summary>
    private void ComplainOfLast(PeerSession peer)
    {
        foreach (int piece in peer.LastServed.Where(piece => !peer.State.Pieces[piece]))
            _watch?.Complain(piece, peer.EndPoint.Address);
    }

    private void Unreadable(int piece, TorrentException failure)
    {
        if (!IsComplete || _watch is null || !DiskErrors.ConcernsOneFile(failure))
            StorageFailed(failure);
        else if (_picker.Have[piece])
            Spoilt(piece);
    }

    /// <summary>A piece that is served is not what it was, or cannot be read.</summary>
    private void Spoilt(int piece)
    {
        List<int> files = Files.FilesBehind(piece);
        if (!IsComplete)
        {
            FetchAgain(piece, files);
            TellSpoilt(files);
            return;
        }

        List<int> unread = files.FindAll(file => Files.ReadFailure(file) is not null);
        foreach (int file in unread)
        {
            Withdraw(piece, [file]);
            TellUnread(file);
        }

        if (unread.Count == 0)
        {
            Withdraw(piece, files);
            TellSpoilt(files);
        }

        if (_picker.Have.CountCommon(_layout.WantedPieces) == 0)
            _end.TrySetResult(EndOfSpoilt());
    }

    /// <summary>Other programs have changed a piece of a download that still runs.</summary>
    private void FetchAgain(int piece, List<int> files)
    {
        foreach (int file in files.Where(file => !Files.IsTouched(file)))
            Files.Doubt(file);
        _picker.Lost(piece);
        _bytesCompleted -= _layout.BytesWantedIn(piece);
        _bytesLeft += _torrent.DataLengthOfPiece(piece);
        long contiguous = _contiguousBytes;
        while (_firstGap > piece)
            contiguous -= _layout.BytesWantedIn(--_firstGap);
        Volatile.Write(ref _contiguousBytes, contiguous);
        _isResumeDirty = true;
        Bitfield lost = new(_torrent.PieceCount);
        lost.Add(piece);
        ForEach((_, peer) =>
        {
            if (peer.State.Pieces[piece])
                peer.State.Interesting++;
            peer.SendInterest(peer.State.Interesting > 0);
            peer.Withdraw(lost); // one that cannot be told is refused it until it is here again
        });

        AskAll();
    }

    /// <summary>
    /// Serves no longer what other programs have changed: all of the file, or the piece alone while it is not known which of several files it is. A peer that cannot
    /// be told would ask for it again and again, or wait: it is closed, and learns what is here when it connects again.
    /// </summary>
    private void Withdraw(int piece, List<int> files)
    {
        Bitfield lost = new(_torrent.PieceCount);
        lost.Add(piece);
        foreach (int file in files)
        {
            if (files.Count == 1)
                Files.Touch(file);
            else if (!Files.IsTouched(file))
                Files.Doubt(file);
            (int first, int last) = _layout.PiecesOf(file);
            for (int other = first; other <= last && files.Count == 1; other++)
            {
                if (_picker.Have[other])
                    lost.Add(other);
            }
        }

        _withdrawn ??= new Bitfield(_torrent.PieceCount);
        foreach (int one in lost.All())
        {
            _picker.Withdraw(one);
            _withdrawn.Add(one);
        }

        CountCompleted(_picker.Have);
        _disk.Storage.Withdrawn();
        ForEach((_, peer) =>
        {
            if (!peer.Withdraw(lost))
                peer.Close(PeerClose.Outdated);
        });
    }

    /// <summary>Tells once of each file that it was changed; of very many no more than the first.</summary>
    private void TellSpoilt(List<int> files)
    {
        bool isOne = files.Count == 1;
        string names = string.Join(", ", files.Take(FilesNamed).Select(file => $"'{Files.PathOnDisk(file)}'")) + (files.Count > FilesNamed ? ", …" : "");
        string what = isOne ? names : $"one of {names}";
        if (!IsNews(_spoilt, what))
            return;
        string then = !IsComplete ? "What is wrong is downloaded again." : isOne ? "It is no longer served." : "The piece that they share is no longer served.";
        Warn($"{(isOne ? names : $"One of {names}")} {(isOne ? Files.DescribeChange(files[0]) : DataStore.Changed)}. {then}");
    }

    private void TellUnread(int file)
    {
        if (IsNews(_unread, $"'{Files.PathOnDisk(file)}'"))
            Warn($"{Files.ReadFailure(file)!.Message.TrimEnd('.')}. It is no longer served.");
    }

    private static bool IsNews(List<string> told, string what)
    {
        bool isNews = told.Count < FilesTold && !told.Contains(what);
        if (isNews)
            told.Add(what);
        return isNews;
    }

    private void Warn(string warning)
    {
        Log(warning);
        _options.OnWarning?.Invoke(warning);
    }

    /// <summary>How it ends when data was served no longer.</summary>
    private Ending EndOfSpoilt()
    {
        bool isChanged = _spoilt.Count > 0;
        string what = Named("Changed while it was seeded", _spoilt) + Named("Could not be read while it was seeded", _unread);
        string then = isChanged ? "Restore the data, or download it again." : "Make the data readable, and seed it again.";
        return new Ending(TorrentState.Failed, isChanged ? TorrentErrorId.DataMismatch : TorrentErrorId.AccessDenied, $"{what}{_withdrawn!.Count} of {_torrent.PieceCount} pieces were no longer served. {then}");

        static string Named(string what, List<string> files) =>
            files.Count == 0 ? "" : $"{what}: {string.Join(", ", files.Take(FilesNamed))}{(files.Count > FilesNamed ? ", …" : "")}. ";
    }
}
