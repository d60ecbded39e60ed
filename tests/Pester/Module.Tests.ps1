#Requires -Version 7.6
BeforeDiscovery {
    $root = Resolve-Path (Join-Path $PSScriptRoot '../..')
    $folder = $env:TORRENTPS_MODULE ?? (Join-Path $root 'out/TorrentPS')
    Import-Module $folder -Force
    $commands = @(Get-Command -Module TorrentPS | ForEach-Object { @{ Name = $_.Name; Command = $_; Root = "$root" } })
    $parameters = foreach ($command in $commands) {
        foreach ($parameter in $command.Command.Parameters.Values) {
            if ($parameter.Name -notin [System.Management.Automation.PSCmdlet]::CommonParameters -and
                $parameter.Name -notin [System.Management.Automation.PSCmdlet]::OptionalCommonParameters) {
                @{ Name = $command.Name; Parameter = $parameter.Name; Metadata = $parameter }
            }
        }
    }
}

Describe 'The module' {
    BeforeAll {
        $root = Resolve-Path (Join-Path $PSScriptRoot '../..')
        $folder = $env:TORRENTPS_MODULE ?? (Join-Path $root 'out/TorrentPS')
    }

    It 'has a valid manifest' {
        $manifest = Test-ModuleManifest (Join-Path $folder 'TorrentPS.psd1')
        $manifest.PowerShellVersion | Should -Be ([version]'7.6')
        $manifest.CompatiblePSEditions | Should -Be 'Core'
        $manifest.PrivateData.PSData.Tags | Should -Contain 'BitTorrent'
    }

    It 'exports just the cmdlets that its manifest lists' {
        $data = Import-PowerShellDataFile (Join-Path $folder 'TorrentPS.psd1')
        (Get-Module TorrentPS).ExportedCommands.Keys | Sort-Object | Should -Be ($data.CmdletsToExport | Sort-Object)
        (Get-Module TorrentPS).ExportedAliases.Count | Should -Be 0
    }

    It 'ships nothing that PowerShell has itself, and nothing that is not needed' {
        Get-ChildItem $folder -Recurse -File | Resolve-Path -RelativeBasePath $folder -Relative | ForEach-Object { $_ -replace '\\', '/' -replace '^\./' } | Sort-Object |
            Should -Be ('en-US/about_TorrentPS.help.txt', 'en-US/TorrentPS.dll-Help.xml', 'LICENSE', 'TorrentPS.dll', 'TorrentPS.Engine.dll', 'TorrentPS.Format.ps1xml', 'TorrentPS.psd1' | Sort-Object)
    }

    It 'has its about topic' {
        (Get-Help about_TorrentPS) -join "`n" | Should -Match 'SHORT DESCRIPTION'
    }

    It 'has the version of its assemblies' {
        (Get-Module TorrentPS).Version.ToString() | Should -Be ([System.Diagnostics.FileVersionInfo]::GetVersionInfo((Join-Path $folder 'TorrentPS.dll')).ProductVersion -replace '[+-].*')
    }
}

Describe '<Name>' -ForEach $commands {
    It 'says what it writes' {
        $Command.OutputType.Count | Should -BeGreaterThan 0
    }

    It 'has at most one pipeline input in each parameter set' {
        foreach ($set in $Command.ParameterSets) {
            @($set.Parameters | Where-Object ValueFromPipeline).Count | Should -BeLessOrEqual 1 -Because $set.Name
        }
    }

    It 'has help with a synopsis, a description and two examples' {
        $help = Get-Help $Name
        $help.Synopsis | Should -Not -Match "^\s*$Name "
        $help.Synopsis.Length | Should -BeGreaterThan 20
        ($help.Description | Out-String).Trim().Length | Should -BeGreaterThan 50
        @($help.Examples.Example).Count | Should -BeGreaterOrEqual 2
    }

    It 'has a page that names every parameter' {
        $page = Get-Content -Raw (Join-Path $Root "docs/en-US/$Name.md")
        $page | Should -Not -Match '\{\{'
        foreach ($parameter in $Command.Parameters.Keys | Where-Object { $_ -notin [System.Management.Automation.PSCmdlet]::CommonParameters }) {
            $page | Should -Match "(?m)^### -$parameter\r?$"
        }
    }
}

Describe '<Name> -<Parameter>' -ForEach $parameters {
    It 'has a tool tip' {
        ($Metadata.Attributes | Where-Object { $_ -is [Parameter] }).HelpMessage | Should -Not -BeNullOrEmpty
    }

    It 'is no bool' {
        $Metadata.ParameterType | Should -Not -Be ([bool])
    }

    It 'is in the help' {
        (Get-Help $Name -Parameter $Parameter).Description.Text | Should -Not -BeNullOrEmpty
    }
}
